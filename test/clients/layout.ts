import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packed } from "./tar.ts";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string };
}

/** An OCI image layout on disk that the clients take images from, as `oci:<folder>:<tag>`. */
export interface Layout {
  folder: string;
  /** Of what the tag names: the manifest, or the index when there are several architectures. */
  digest: string;
  /** Of each image, in the order of its architectures. */
  images: string[];
}

/** Writes images of one fresh layer each, for these architectures, tied by an index if they are several. */
export async function writeLayout(
  folder: string,
  tag: string,
  architectures: readonly string[] = ["amd64"],
): Promise<Layout> {
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  const images: Descriptor[] = [];
  for (const architecture of architectures) images.push(await writeImage(folder, architecture));
  const [only] = images;
  const top =
    only !== undefined && images.length === 1
      ? only
      : await keepJson(folder, "application/vnd.oci.image.index.v1+json", { manifests: images });

  const named = { ...top, annotations: { "org.opencontainers.image.ref.name": tag } };
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return { folder, digest: top.digest, images: images.map(({ digest }) => digest) };
}

async function writeImage(folder: string, architecture: string): Promise<Descriptor> {
  const content = join(folder, `content-${architecture}`);
  await mkdir(content);
  await writeFile(join(content, `for-${architecture}`), randomBytes(100_000));
  const path = await packed(content);
  const tar = await readFile(path);
  await rm(content, { recursive: true });
  await rm(path);

  // Clients compress a plain layer on its way, which would change its digest.
  const layer = await keep(folder, "application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(tar));
  const platform = { os: "linux", architecture };
  const config = await keepJson(folder, "application/vnd.oci.image.config.v1+json", {
    ...platform,
    config: {},
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
  });
  const manifest = { config, layers: [layer] };
  return { ...(await keepJson(folder, "application/vnd.oci.image.manifest.v1+json", manifest)), platform };
}

function keepJson(folder: string, mediaType: string, value: object): Promise<Descriptor> {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...value });
  return keep(folder, mediaType, Buffer.from(text));
}

async function keep(folder: string, mediaType: string, bytes: Buffer): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await writeFile(join(folder, "blobs", digest.replace(":", "/")), bytes);
  return { mediaType, digest, size: bytes.length };
}

/** As registries write it: `sha256:…`. */
export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
