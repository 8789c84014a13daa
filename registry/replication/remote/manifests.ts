import { createHash } from "node:crypto";
import { Fault } from "../../contract/fault.ts";
import { isDigest, isTag } from "../../oci/reference.ts";
import type { SideManifest, Side } from "../side.ts";
import { limits } from "./bodies.ts";
import { drop } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { listIn, pagesOf } from "./lists.ts";

export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Tags of one repository that are held in memory. */
const mostTags = 200_000;
const headers = { accept: manifestTypes.join(", ") };

export const pullScope = (repository: string): string => `repository:${repository}:pull`;
export const pushScope = (repository: string): string => `repository:${repository}:pull,push`;

export type Manifests = Pick<Side, "manifest" | "digestOf" | "tags"> & {
  /** Puts it, and says whether the other side took note of its subject. */
  put(repository: string, reference: string, manifest: SideManifest, signal: AbortSignal): Promise<boolean>;
};

/** Manifests and tags of another registry. end-3, end-7, end-8 */
export function createManifests(exchange: Exchange): Manifests {
  const { name } = exchange.endpoint;
  const urlOf = (repository: string, reference: string): URL =>
    exchange.at(`/v2/${repository}/manifests/${reference}`);

  async function manifest(repository: string, reference: string, signal: AbortSignal) {
    const asking = { as: [pullScope(repository)], headers, redirects: true, signal };
    const answer = await exchange.ask("GET", urlOf(repository, reference), asking);
    if (answer.status === 404) return void (await drop(answer));
    if (answer.status !== 200) throw await exchange.refusal(`give ${repository}:${reference}`, answer);
    const bytes = await exchange.bytes(answer, limits.manifest);
    const said = answer.header("docker-content-digest");
    const wanted = isDigest(reference) ? reference : (said ?? digestOf(bytes, "sha256"));
    if (!isDigest(wanted) || digestOf(bytes, wanted.slice(0, wanted.indexOf(":"))) !== wanted)
      throw lie(repository, reference, wanted);
    const [media_type = ""] = (answer.header("content-type") ?? "").split(";", 1);
    return { digest: wanted, media_type: media_type.trim().toLowerCase(), bytes };
  }

  const lie = (repository: string, reference: string, digest: string): Fault =>
    new Fault(
      "DIGEST_INVALID",
      `${name} gives for ${repository}:${reference} bytes that are not those of ${digest.slice(0, 200)}`,
    );

  return {
    manifest,

    async digestOf(repository, reference, signal) {
      const asking = { as: [pullScope(repository)], headers, redirects: true, signal };
      const whole = async (): Promise<string | undefined> =>
        (await manifest(repository, reference, signal))?.digest;
      try {
        const answer = await exchange.ask("HEAD", urlOf(repository, reference), asking);
        await drop(answer);
        if (answer.status === 404) return undefined;
        const said = answer.header("docker-content-digest");
        if (answer.status !== 200 || said === undefined) return await whole();
        if (!isDigest(said) || (isDigest(reference) && said !== reference))
          throw lie(repository, reference, said);
        return said;
      } catch (error) {
        // Why not is in the body of a whole answer alone.
        if (error instanceof Fault && error.code === "UNAUTHORIZED") return whole();
        throw error;
      }
    },

    async put(repository, reference, { digest, media_type, bytes }, signal) {
      const asking = { as: [pushScope(repository)], headers: { "content-type": media_type }, signal };
      const url = urlOf(repository, reference);
      const answer = await exchange.ask("PUT", url, { ...asking, body: bytes });
      if (answer.status < 200 || answer.status > 202)
        throw await exchange.refusal(`take ${repository}:${reference}`, answer);
      await drop(answer);
      const said = answer.header("docker-content-digest");
      if (said !== undefined && said !== digest) throw lie(repository, reference, digest);
      return answer.header("oci-subject") !== undefined;
    },

    async tags(repository, signal) {
      const what = `list the tags of ${repository}`;
      const entries = (page: unknown): unknown[] => listIn(page, "tags");
      const found: string[] = [];
      const absent = (status: number): boolean => status === 404;
      const asking = { as: [pullScope(repository)], signal };
      const url = exchange.at(`/v2/${repository}/tags/list`);
      for await (const page of pagesOf(exchange, url, asking, { what, entries, absent })) {
        for (const tag of page) if (typeof tag === "string" && isTag(tag)) found.push(tag);
        if (found.length > mostTags)
          throw new Fault("BAD_REQUEST", `${name} has more than ${mostTags} tags in ${repository}`);
      }
      return found;
    },
  };
}

function digestOf(bytes: Buffer, algorithm: string): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}
