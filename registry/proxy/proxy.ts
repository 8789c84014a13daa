import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { LogLine } from "../config.ts";
import type { FoundManifest } from "../oci/manifests.ts";
import { parseManifest, isForeign } from "../oci/media.ts";
import type { Oci } from "../oci/oci.ts";
import type { Peer, Piece, SideManifest } from "../replication/side.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";
import { createFetching, type Keeping, type Take } from "./fetching.ts";
import { createUpstream, unavailable } from "./upstream.ts";

/** A manifest to answer with: one that is kept, or one that was fetched just now. */
export type Proxied = { digest: string; media_type: string; bytes: Buffer; kept?: FoundManifest };

export interface Proxy {
  /** By tag or digest. Throws `MANIFEST_UNKNOWN`, and `SERVICE_UNAVAILABLE` when the other side is away and nothing was kept. */
  manifest(project: ProjectDocument, name: string, reference: string): Promise<Proxied>;
  /**
   * Brings a blob that is not here, and hands its bytes to `take` as they come; answers whether it did, for else it is here now.
   * Throws `BLOB_UNKNOWN` for one that no manifest names that came by here.
   */
  blob(
    project: ProjectDocument,
    name: string,
    digest: string,
    take: Take | undefined,
  ): Promise<{ given: boolean }>;
  /** Bytes of a blob that is not here, if a manifest that came by has named it. */
  sizeOf(name: string, digest: string): number | undefined;
  close(): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "registries">;
  oci: Oci;
  keeping: Keeping;
  peerOf(registry_id: number): Promise<Peer>;
  log: (line: LogLine) => void;
}

interface Waiting {
  reference: string;
  manifest: SideManifest;
  pieces: Piece[];
}

/** Blobs that a manifest has named, and that may be asked for next. */
const remembered = 50_000;

/**
 * Projects that fetch what is asked for from another registry, and keep it: a pull-through cache.
 *
 * A tag is compared with the other side's at each pull; what is here is served when they agree, and when the other side is
 * away. What is new is answered at once and becomes an artifact here when all of it has come.
 */
export function createProxy({ collections, oci, keeping, peerOf, log }: Deps): Proxy {
  const upstream = createUpstream({ collections, peerOf });
  const fetching = createFetching({ upstream, keeping, log });
  const named = new LRUCache<string, Piece>({ max: remembered });
  const recent = new LRUCache<string, SideManifest>({
    maxSize: 32 * 2 ** 20,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
  });
  const finishing = new Map<string, Promise<void>>();

  const keptOf = (name: string, reference: string): Promise<FoundManifest | undefined> =>
    oci.manifests.find(name, reference).catch((error: unknown) => {
      if (error instanceof Fault && error.status === 404) return undefined;
      throw error;
    });

  /** Once, though clients ask for a manifest's digest first and for the manifest then: some upstreams count. */
  async function bytesOf(project: ProjectDocument, name: string, digest: string): Promise<SideManifest> {
    const known = recent.get(`${name}@${digest}`);
    if (known) return known;
    const asked = await upstream.manifest(project, name, digest);
    if ("away" in asked) throw unavailable(project, asked.away);
    if (!asked.answer) throw unknown(name, digest);
    recent.set(`${name}@${digest}`, asked.answer);
    return asked.answer;
  }

  async function fetch(
    project: ProjectDocument,
    name: string,
    reference: string,
    digest: string,
  ): Promise<Proxied> {
    const manifest = await bytesOf(project, name, digest);
    const { kind, config, layers } = parseManifest(manifest.bytes, manifest.media_type);
    const place = { project, name };
    if (kind === "index") {
      const pushed = { reference, tags: [], content_type: manifest.media_type, bytes: manifest.bytes };
      // Its children come when they are asked for: nobody pulls all platforms.
      await oci.manifests.put(place, pushed, { sparse: true });
    } else {
      const pieces = [...(config ? [config] : []), ...layers.filter((layer) => !isForeign(layer))];
      for (const piece of pieces) named.set(`${name}@${piece.digest}`, piece);
      finish(project, name, { reference, manifest, pieces });
    }
    return manifest;
  }

  /** In the background: a client that has some of the layers never asks for them, and the copy is to be whole. */
  function finish(project: ProjectDocument, name: string, waiting: Waiting): void {
    const key = `${name}:${waiting.reference}@${waiting.manifest.digest}`;
    if (finishing.has(key)) return;
    const work = complete(project, name, waiting)
      .catch((error: unknown) =>
        log({ level: "warn", message: `${key} was not kept`, reason: String(error) }),
      )
      .finally(() => finishing.delete(key));
    finishing.set(key, work);
  }

  async function complete(project: ProjectDocument, name: string, waiting: Waiting): Promise<void> {
    const { reference, manifest, pieces } = waiting;
    // Who asked for the manifest asks for the blobs next, and is to have them as they come.
    await new Promise((done) => setTimeout(done, beforeUnasked).unref());
    for (const piece of pieces) {
      if (!(await oci.blobs.size(name, piece.digest).catch(() => undefined)))
        await fetching.fetch(project, name, piece);
    }
    const { media_type: content_type, bytes } = manifest;
    await oci.manifests.put({ project, name }, { reference, tags: [], content_type, bytes });
  }

  return {
    async manifest(project, name, reference) {
      const kept = await keptOf(name, reference);
      const asAnswer = (found: FoundManifest): Proxied => ({
        digest: found.artifact.digest,
        media_type: found.artifact.manifest_media_type,
        bytes: found.bytes,
        kept: found,
      });
      if (reference.includes(":")) return kept ? asAnswer(kept) : fetch(project, name, reference, reference);
      const asked = await upstream.digestOf(project, name, reference);
      if ("away" in asked) {
        if (kept) return asAnswer(kept);
        throw unavailable(project, asked.away);
      }
      if (asked.answer === undefined) throw unknown(name, reference);
      if (asked.answer === kept?.artifact.digest) return asAnswer(kept);
      return fetch(project, name, reference, asked.answer);
    },

    async blob(project, name, digest, take) {
      const piece = named.get(`${name}@${digest}`);
      if (!piece) throw new Fault("BLOB_UNKNOWN", `there is no blob ${digest} in this repository`);
      return fetching.fetch(project, name, piece, take);
    },

    sizeOf: (name, digest) => named.get(`${name}@${digest}`)?.size,

    async close() {
      await fetching.close();
      await Promise.all(finishing.values());
    },
  };
}

function unknown(name: string, reference: string): Fault {
  return new Fault("MANIFEST_UNKNOWN", `there is no ${reference} in ${name}, nor where it is fetched from`);
}

/** Milliseconds. */
const beforeUnasked = 2_000;
