import type { SignatureSource } from "../../registry/trust/signatures/verdicts.ts";
import type { Berth } from "../harness.ts";

/** What an image may be kept as. */
export const manifests = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
];

/** A repository as any client sees it. */
export function openSource(berth: Berth, repository: string): SignatureSource {
  const get = async (path: string): Promise<Buffer | undefined> => {
    const answer = await berth.fetch(`/v2/${repository}/${path}`, {
      headers: { accept: manifests.join(", ") },
    });
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
  };
  return {
    async referrers(subject, limit) {
      const index = JSON.parse(String(await get(`referrers/${subject}`))) as {
        manifests: { digest: string }[];
      };
      return index.manifests.slice(0, limit).map(({ digest }) => digest);
    },
    async tagged(tag) {
      const answer = await berth.fetch(`/v2/${repository}/manifests/${tag}`, {
        headers: { accept: manifests.join(", ") },
      });
      await answer.arrayBuffer();
      return answer.headers.get("docker-content-digest") ?? undefined;
    },
    manifest: (digest) => get(`manifests/${digest}`),
    blob: (digest) => get(`blobs/${digest}`),
  };
}
