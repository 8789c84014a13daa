import { createHash, randomBytes } from "node:crypto";
import { locationOf } from "./big-blobs.ts";
import type { Repository } from "./contenders.ts";
import { ask, each } from "./requests.ts";

interface SmallImage {
  tag: string;
  blobs: Buffer[];
  manifest: Buffer;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const atOnce = 8;

/** Images of one layer of 8 KiB each, all different. */
export function makeImages(count: number): SmallImage[] {
  return Array.from({ length: count }, (_, n) => {
    const layer = randomBytes(8192);
    const rootfs = { type: "layers", diff_ids: [digestOf(layer)] };
    const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs }));
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    };
    return { tag: `v${n}`, blobs: [layer, config], manifest: Buffer.from(JSON.stringify(manifest)) };
  });
}

/** Pushes them, eight at once, each as docker does: asks for every blob, sends it in a `PATCH`, and then the manifest. */
export async function pushImages(
  { url: base, headers }: Repository,
  images: readonly SmallImage[],
): Promise<void> {
  await each(images, atOnce, async ({ tag, blobs, manifest }) => {
    for (const body of blobs) {
      const digest = digestOf(body);
      await ask(`${base}/blobs/${digest}`, { method: "HEAD", headers, any: true });
      const opened = await ask(`${base}/blobs/uploads/`, { method: "POST", headers });
      const octets = { ...headers, "content-type": "application/octet-stream" };
      const sent = await ask(locationOf(base, opened), { method: "PATCH", headers: octets, body });
      const end = new URL(locationOf(base, sent));
      end.searchParams.set("digest", digest);
      await ask(end.href, { method: "PUT", headers });
    }
    const typed = { ...headers, "content-type": manifestType };
    await ask(`${base}/manifests/${tag}`, { method: "PUT", headers: typed, body: manifest });
  });
}

/** Pulls them, eight at once: the manifest by its tag, then what it names. */
export async function pullImages(
  { owner, url: base, headers: given }: Repository,
  images: readonly SmallImage[],
): Promise<void> {
  const headers = { ...given, accept: manifestType };
  await each(images, atOnce, async ({ tag, blobs, manifest }) => {
    const { body } = await ask(`${base}/manifests/${tag}`, { headers });
    if (!body.equals(manifest)) throw new Error(`${owner.name} gave another manifest for ${tag}`);
    for (const blob of blobs) {
      const got = await ask(`${base}/blobs/${digestOf(blob)}`, { headers });
      if (got.body.length !== blob.length) throw new Error(`${owner.name} cut a blob of ${tag} short`);
    }
  });
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, size: bytes.length, digest: digestOf(bytes) };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
