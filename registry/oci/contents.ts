import { Fault } from "../contract/fault.ts";
import type { Blobs as BlobStore } from "../store/blobs.ts";
import type { ArtifactDocument, Collections, RepositoryDocument } from "../store/collections.ts";
import { extraAttrsOf, isImageConfig, type Found } from "./artifact.ts";
import { invalid, type Descriptor } from "./descriptor.ts";
import { isForeign, type Manifest } from "./media.ts";

/** Bytes; a larger configuration is kept, but not read. */
const largestConfig = 2 ** 20;
/** How many missing digests a refusal names. */
const mostNamed = 20;

export interface Sparse {
  sparse?: boolean;
}

/**
 * What a manifest names, which must be in its repository: a registry that takes a manifest promises that it can be pulled.
 * The distribution spec lets it refuse others ("Push"); a `subject` alone may come later.
 */
export function createContents(
  { links, artifacts }: Pick<Collections, "links" | "artifacts">,
  blobs: BlobStore,
) {
  /** Whether the repository has the blob, whole. Throws `MANIFEST_INVALID` if the manifest gives it another size. */
  async function hasBlob(
    repository: RepositoryDocument | undefined,
    { digest, size }: Descriptor,
  ): Promise<boolean> {
    const link = repository && (await links.get(`${repository.id}@${digest}`));
    if (!link || (await blobs.size(digest)) !== link.size) return false;
    if (link.size !== size) throw invalid(`it gives ${digest} ${size} bytes, but that blob has ${link.size}`);
    return true;
  }

  async function extraAttrs({ config }: Manifest): Promise<Record<string, unknown>> {
    if (!config || !isImageConfig(config) || config.size > largestConfig) return {};
    return extraAttrsOf(await blobs.readAll(config.digest, largestConfig));
  }

  return {
    /**
     * `repository` is absent for one that is yet to be made, which holds nothing. A `sparse` index may name children
     * that are to come.
     * Throws `MANIFEST_BLOB_UNKNOWN`, naming what is missing, and `MANIFEST_INVALID`.
     */
    async locate(
      name: string,
      repository: RepositoryDocument | undefined,
      manifest: Manifest,
      { sparse = false }: Sparse = {},
    ): Promise<Found> {
      const { config, layers } = manifest;
      const needed = [...(config ? [config] : []), ...layers.filter((layer) => !isForeign(layer))];
      const missing = new Set<string>();
      for (const blob of needed) {
        if (!(await hasBlob(repository, blob))) missing.add(blob.digest);
      }
      const children: ArtifactDocument[] = [];
      for (const child of manifest.children) {
        const artifact = repository && (await artifacts.get(`${repository.id}@${child.digest}`));
        if (artifact) children.push(artifact);
        // BuildKit keeps its cache as an index of layers.
        else if (!(await hasBlob(repository, child))) missing.add(child.digest);
      }
      if (missing.size > 0 && !sparse) throw unknown([...missing], name);
      return { children, absent: missing, extra_attrs: await extraAttrs(manifest) };
    },
  };
}

function unknown(missing: readonly string[], name: string): Fault {
  const others = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  return new Fault(
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest names ${missing[0]}${others}, which is not in ${name}: push that first`,
    missing.slice(0, mostNamed).map((digest) => ({ digest })),
  );
}
