import { z } from "zod";
import type { Blobs } from "../store/blobs.ts";
import type { ArtifactDocument } from "../store/collections.ts";
import { limits } from "./limits.ts";

/** An entry of `manifest.json`, as `docker save` writes it. */
export interface SavedEntry {
  Config: string;
  RepoTags: string[];
  Layers: string[];
}

const configs = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);
const layer =
  /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip)?)$/;

const Configuration = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/**
 * How docker loads an image, if it is one that docker can run. Signatures and charts come as images too: one that is not as
 * docker expects would make it refuse the whole archive.
 */
export async function savedImageOf(
  { media_type, blobs: named }: ArtifactDocument,
  references: string[],
  blobs: Pick<Blobs, "readAll">,
): Promise<SavedEntry | undefined> {
  const [config, ...layers] = named;
  if (!config || !configs.has(media_type) || config.size > limits.json) return undefined;
  if (!layers.every((one) => layer.test(one.media_type))) return undefined;
  const told = diffIdsOf(await blobs.readAll(config.digest, limits.json));
  if (told?.length !== layers.length) return undefined;
  const pathOf = ({ digest }: { digest: string }): string => `blobs/${digest.replace(":", "/")}`;
  return { Config: pathOf(config), RepoTags: references, Layers: layers.map(pathOf) };
}

function diffIdsOf(bytes: Buffer): string[] | undefined {
  try {
    return Configuration.parse(JSON.parse(bytes.toString("utf8"))).rootfs.diff_ids;
  } catch {
    return undefined;
  }
}
