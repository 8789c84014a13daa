import { Fault } from "../contract/fault.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { imageIndex, isForeign, parseManifest, type Manifest } from "../oci/media.ts";

/** A manifest of an archive with all that it names. */
export interface Tree {
  digest: string;
  bytes: Buffer;
  manifest: Manifest;
  /** The manifests of an index, those that are there. */
  children: Tree[];
  /** The blobs it names itself, but those that clients fetch from elsewhere and that are not here. */
  blobs: Descriptor[];
  /** What it, or something in it, names and is not there: the first of it. */
  missing: Set<string>;
}

interface Sources {
  /** The bytes of a manifest, from the archive or the project. */
  manifest(digest: string): Promise<Buffer | undefined>;
  /** The size of a blob, in the archive or the project. */
  size(digest: string): Promise<number | undefined>;
}

/** An index of indexes deeper than this is made to exhaust who reads it. */
const deepest = 16;
const mostMissing = 20;

/** Reads what the manifests of an archive name. Each is read once. Throws `MANIFEST_INVALID`. */
export function createTrees({ manifest: bytesOf, size: sizeOf }: Sources) {
  const known = new Map<string, Tree | undefined>();

  async function blobsOf(named: readonly Descriptor[], missing: Set<string>): Promise<Descriptor[]> {
    const found: Descriptor[] = [];
    for (const blob of named) {
      const size = await sizeOf(blob.digest);
      if (size === undefined && isForeign(blob)) continue;
      if (size === undefined) note(missing, [blob.digest]);
      else if (size !== blob.size) throw wrongSize(blob, size);
      found.push(blob);
    }
    return found;
  }

  async function read(digest: string, media_type: string, depth: number): Promise<Tree | undefined> {
    if (depth > deepest)
      throw new Fault("MANIFEST_INVALID", `the archive nests more than ${deepest} indexes`);
    const bytes = await bytesOf(digest);
    if (!bytes) return undefined;
    const manifest = parseManifest(bytes, media_type);
    const missing = new Set<string>();
    const children: Tree[] = [];
    // BuildKit keeps its cache as an index of layers.
    const layers = manifest.children.filter((child) => !isManifest(child));
    for (const child of manifest.children.filter(isManifest)) {
      const tree = await treeOf(child.digest, child.media_type, depth + 1);
      if (tree && tree.bytes.length !== child.size) throw wrongSize(child, tree.bytes.length);
      if (tree) children.push(tree);
      note(missing, tree ? tree.missing : [child.digest]);
    }
    const { config } = manifest;
    const blobs = await blobsOf([...(config ? [config] : []), ...manifest.layers, ...layers], missing);
    return { digest, bytes, manifest, children, blobs, missing };
  }

  /** The tree of that manifest, or `undefined` when it is not there. */
  async function treeOf(digest: string, media_type: string, depth = 0): Promise<Tree | undefined> {
    if (!known.has(digest)) known.set(digest, await read(digest, media_type, depth));
    const tree = known.get(digest);
    if (tree && tree.manifest.media_type !== media_type) parseManifest(tree.bytes, media_type);
    return tree;
  }

  return { treeOf: (digest: string, media_type: string) => treeOf(digest, media_type) };
}

/** Adds every manifest of a tree that is not there yet, what an index names before the index itself. */
export function addLeavesFirst(trees: Map<string, Tree>, tree: Tree): void {
  if (trees.has(tree.digest)) return;
  for (const child of tree.children) addLeavesFirst(trees, child);
  trees.set(tree.digest, tree);
}

/** Indexes that name one another many times over would have lists without end. */
function note(missing: Set<string>, digests: Iterable<string>): void {
  for (const digest of digests) {
    if (missing.size === mostMissing) return;
    missing.add(digest);
  }
}

function isManifest({ media_type }: Descriptor): boolean {
  return (
    media_type === imageIndex ||
    /^application\/vnd\.(oci\.image\.manifest\.v1|docker\.distribution\.manifest\.(v2|list\.v2))\+json$/.test(
      media_type,
    )
  );
}

function wrongSize({ digest, size }: Descriptor, found: number): Fault {
  return new Fault(
    "MANIFEST_INVALID",
    `a manifest in the archive gives ${digest} ${size} bytes, but it has ${found}`,
  );
}
