import { Fault } from "../contract/fault.ts";
import { parseManifest } from "../oci/media.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "./staging.ts";
import type { Tree } from "./trees.ts";

export interface Whole {
  tree: Tree;
  /** Platforms of which the archive has only the name. */
  left_out: string[];
}

/** What BuildKit says of an image, and who pulls does not run. */
const isAbout = ({ annotations }: Descriptor): boolean =>
  annotations?.["vnd.docker.reference.type"] !== undefined;

/**
 * What of a tree can be kept. An engine saves an index with the platforms that it has pulled and the names of the others:
 * of one platform that is its image, of several an index of those.
 *
 * Throws `MANIFEST_BLOB_UNKNOWN` when something is missing that is not so.
 */
export function wholeOf(tree: Tree): Whole {
  if (tree.missing.size === 0) return { tree, left_out: [] };
  const { manifest } = tree;
  const there = new Map(
    tree.children.filter((child) => child.missing.size === 0).map((child) => [child.digest, child]),
  );
  const images = manifest.children.filter((child) => !isAbout(child));
  const kept = images.filter(({ digest }) => there.has(digest));
  const [first] = kept;
  const only = first && there.get(first.digest);
  if (!only || manifest.layers.length > 0) throw notWhole(tree.digest, tree.missing);
  const left_out = images.filter(({ digest }) => !there.has(digest)).map(platformOf);
  return { tree: kept.length === 1 ? only : reduced(tree, there), left_out };
}

export function notWhole(what: string, missing: Iterable<string>): Fault {
  const [first, ...others] = missing;
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return new Fault(
    "MANIFEST_BLOB_UNKNOWN",
    `the archive is not whole: ${what} names ${first}${more}, which is not in it`,
  );
}

/** The index without what is not there; what is said of an image goes with it. */
function reduced(tree: Tree, there: ReadonlyMap<string, Tree>): Tree {
  const fields = JSON.parse(tree.bytes.toString("utf8")) as { manifests: { digest: string }[] };
  const manifests = fields.manifests.filter(({ digest }) => there.has(digest));
  const bytes = Buffer.from(JSON.stringify({ ...fields, manifests }));
  const manifest = parseManifest(bytes, tree.manifest.media_type);
  return {
    ...tree,
    digest: digestOf(bytes),
    bytes,
    manifest,
    children: [...there.values()],
    missing: new Set(),
  };
}

function platformOf({ digest, platform = {} }: Descriptor): string {
  const parts = [platform.os, platform.architecture, platform.variant].filter(
    (part) => typeof part === "string",
  );
  return parts.length > 0 ? parts.join("/") : digest;
}
