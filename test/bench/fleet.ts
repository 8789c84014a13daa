import { createHash, randomBytes } from "node:crypto";
import type { Contender } from "./contenders.ts";
import { locationOf } from "./big-blobs.ts";
import { ask, each } from "./requests.ts";

const kibibyte = 1024;
const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Thirty repositories of two tags each: layers of 1 KiB to 8 MiB, of which the two largest are in every third repository. */
export const fleet = Array.from({ length: 30 }, (_, n) => `fleet/app-${String(n).padStart(2, "0")}`);

/** Fills a Berth with the fleet, and says how many bytes of blobs that are. */
export async function pushFleet(berth: Contender): Promise<number> {
  const shared = [randomBytes(8192 * kibibyte), randomBytes(4096 * kibibyte)];
  let bytes = 0;
  const held = new Set<string>();
  for (const [n, name] of fleet.entries()) {
    const { url, headers } = await berth.repository(name);
    const send = async (body: Buffer): Promise<void> => {
      const digest = digestOf(body);
      if (!held.has(digest)) bytes += body.length;
      held.add(digest);
      const opened = await ask(`${url}/blobs/uploads/`, { method: "POST", headers });
      const end = new URL(locationOf(url, opened));
      end.searchParams.set("digest", digest);
      await ask(end.href, {
        method: "PUT",
        headers: { ...headers, "content-type": "application/octet-stream" },
        body,
      });
    };
    const base = n % 3 === 0 ? shared : [randomBytes((64 << (n % 6)) * kibibyte)];
    await each(base, 2, send);
    for (const tag of ["1.0", "1.1"]) {
      const own = [randomBytes(kibibyte), randomBytes((16 << (n % 5)) * kibibyte)];
      const layers = [...base, ...own];
      const rootfs = { type: "layers", diff_ids: layers.map(digestOf) };
      const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs }));
      await each([...own, config], 3, send);
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: manifestType,
          config: descriptor("application/vnd.oci.image.config.v1+json", config),
          layers: layers.map((layer) => descriptor("application/vnd.oci.image.layer.v1.tar", layer)),
        }),
      );
      const typed = { ...headers, "content-type": manifestType };
      await ask(`${url}/manifests/${tag}`, { method: "PUT", headers: typed, body: manifest });
    }
  }
  return bytes;
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, size: bytes.length, digest: digestOf(bytes) };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
