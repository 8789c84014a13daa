import { createHash } from "node:crypto";
import { Fault } from "../../contract/fault.ts";
import { isDigest } from "../../oci/reference.ts";
import type { Piece, SideManifest, Side } from "../side.ts";
import type { Exchange } from "./exchange.ts";
import { listIn, pagesOf } from "./lists.ts";
import { type Manifests, manifestTypes, pullScope } from "./manifests.ts";

type Referrers = Pick<Side, "referrers"> & {
  /** Notes under the fallback tag that this manifest refers to that digest. */
  note(repository: string, subject: string, manifest: SideManifest, signal: AbortSignal): Promise<void>;
};

const indexType = "application/vnd.oci.image.index.v1+json";
/** Of one subject. */
const mostReferrers = 10_000;

/** Distribution spec, "Unavailable Referrers API": the tag under which clients keep the list themselves. */
export function fallbackTag(digest: string): string {
  return digest.replace(":", "-").slice(0, 128);
}

/** What refers to a digest, by the registry's own list (end-12), or by the tag that stands in for it. */
export function createReferrers(exchange: Exchange, manifests: Manifests): Referrers {
  /** It has no such list: found out once. */
  let without = false;
  const writing = new Map<string, Promise<void>>();

  async function byApi(repository: string, digest: string, signal: AbortSignal): Promise<unknown[]> {
    const asking = { as: [pullScope(repository)], signal };
    const what = `list what refers to ${digest} in ${repository}`;
    const entries = (page: unknown): unknown[] => listIn(page, "manifests");
    const url = exchange.at(`/v2/${repository}/referrers/${digest}`);
    const found: unknown[] = [];
    function absent(status: number, error: Error): boolean {
      if (![400, 404, 405, 501].includes(status)) return false;
      // Of a repository that is not there nothing can be told, and so nothing of the list either.
      without ||= !(error instanceof Fault && ["NAME_UNKNOWN", "MANIFEST_UNKNOWN"].includes(error.code));
      return true;
    }
    for await (const page of pagesOf(exchange, url, asking, { what, entries, absent })) {
      found.push(...page);
      if (found.length > mostReferrers)
        throw new Fault("BAD_REQUEST", `${exchange.endpoint.name} lists endless referrers of ${digest}`);
    }
    return found;
  }

  async function kept(repository: string, digest: string, signal: AbortSignal): Promise<unknown[]> {
    const found = await manifests.manifest(repository, fallbackTag(digest), signal);
    if (found?.media_type !== indexType) return [];
    try {
      return listIn(JSON.parse(found.bytes.toString("utf8")), "manifests");
    } catch {
      return [];
    }
  }

  async function add(repository: string, subject: string, manifest: SideManifest, signal: AbortSignal) {
    const listed = await kept(repository, subject, signal);
    if (piecesOf(listed).some(({ digest }) => digest === manifest.digest)) return;
    const index = { schemaVersion: 2, mediaType: indexType, manifests: [...listed, entryOf(manifest)] };
    const bytes = Buffer.from(JSON.stringify(index));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    await manifests.put(repository, fallbackTag(subject), { digest, media_type: indexType, bytes }, signal);
  }

  return {
    async referrers(repository, digest, signal, tags) {
      if (!without) {
        const found = await byApi(repository, digest, signal);
        if (!without) return piecesOf(found);
      }
      if (tags && !tags.has(fallbackTag(digest))) return [];
      return piecesOf(await kept(repository, digest, signal));
    },

    note(repository, subject, manifest, signal) {
      // Read and written back, so one after the other.
      const key = `${repository}@${subject}`;
      const before = writing.get(key) ?? Promise.resolve();
      const mine = before.catch(() => undefined).then(() => add(repository, subject, manifest, signal));
      writing.set(key, mine);
      const done = (): void => void (writing.get(key) === mine && writing.delete(key));
      mine.then(done, done);
      return mine;
    },
  };
}

function piecesOf(entries: readonly unknown[]): Piece[] {
  return entries.flatMap((entry) => {
    const { mediaType, digest, size } = (entry ?? {}) as Record<string, unknown>;
    const known = typeof mediaType === "string" && manifestTypes.includes(mediaType);
    if (!known || typeof digest !== "string" || !isDigest(digest) || typeof size !== "number") return [];
    return [{ media_type: mediaType, digest, size }];
  });
}

/** The descriptor by which a list of referrers names a manifest. */
function entryOf({ digest, media_type, bytes }: SideManifest): object {
  const { artifactType, annotations, config } = JSON.parse(bytes.toString("utf8")) as {
    artifactType?: string;
    annotations?: Record<string, string>;
    config?: { mediaType?: string };
  };
  const type = artifactType ?? config?.mediaType;
  return {
    mediaType: media_type,
    digest,
    size: bytes.length,
    ...(type === undefined ? {} : { artifactType: type }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
