import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Collections, TrustChangeDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { createHistory, type History, type Kept } from "./history.ts";
import { sha256Of, type Metadata } from "./metadata.ts";
import type { Owner } from "./server-keys.ts";

/** A collection and what it is of here. */
export interface Place extends Owner {
  /** With its project. */
  repository_name: string;
}

export interface Archive {
  of(owner: Owner): Promise<History>;
  read(kept: Kept): Promise<Buffer>;
  /** Keeps metadata, by role, as the collection's next change: all of it or nothing, on disk when it resolves. */
  append(place: Place, files: ReadonlyMap<string, Metadata>, username: string): Promise<void>;
  /** Ends the collection's history, and says whether there was one. */
  end(place: Place, username: string): Promise<boolean>;
}

interface Deps {
  collections: Pick<Collections, "trustChanges">;
  blobs: Pick<Blobs, "readAll" | "write">;
  locks: Locks;
  sequence: Sequence;
  now: () => Date;
}

/** Bytes. */
export const largestFile = 32 * 2 ** 20;

/**
 * Where trust data is kept: bytes as blobs, and one document for each change that names them. The bytes are written first,
 * so a change that is there can be read, and one that is cut short has not happened.
 */
export function createArchive({ collections, blobs, locks, sequence, now }: Deps): Archive {
  const { trustChanges: changes } = collections;
  const known = new LRUCache<string, ReturnType<typeof createHistory>>({ max: 1000 });
  const keyOf = ({ gun, project_id }: Owner): string => `${project_id} ${gun}`;

  async function of(owner: Owner) {
    const found = known.get(keyOf(owner));
    if (found) return found;
    const { gun, project_id } = owner;
    const history = createHistory();
    for (const change of await changes.list({ where: { gun, project_id }, sort: ["id"] }))
      history.add(change);
    // Somebody else may have read it in the meantime, and added to it since.
    const first = known.get(keyOf(owner)) ?? history;
    known.set(keyOf(owner), first);
    return first;
  }

  /** One after the other, so that who follows the changes by their numbers misses none. */
  async function add(change: Omit<TrustChangeDocument, "id">): Promise<void> {
    const history = await of(change);
    await locks.lock("trust changes", async () => {
      const numbered = { id: await sequence.next("trust"), ...change };
      await changes.insert(numbered);
      history.add(numbered);
    });
  }

  return {
    of,

    async read({ sha256, role }) {
      return blobs.readAll(`sha256:${sha256}`, largestFile).catch((error: unknown) => {
        if (!(error instanceof Fault) || error.code !== "BLOB_UNKNOWN") throw error;
        // Not to be told as missing: a client would take the image for one that was never signed.
        throw new Error(`trust data is damaged: ${role} ${sha256}`);
      });
    },

    async append(place, metadata, username) {
      const files = [...metadata].map(([role, { version, bytes }]) => ({
        role,
        version,
        sha256: sha256Of(bytes),
        bytes,
      }));
      const named = files.map(({ bytes: _, ...file }) => file);
      const timestamp = named.find(({ role }) => role === "timestamp");
      await locks.lock(
        files.map(({ sha256 }) => `blob:sha256:${sha256}`),
        async () => {
          await Promise.all(files.map(({ sha256, bytes }) => blobs.write(`sha256:${sha256}`, bytes)));
          await add({
            ...place,
            category: "update",
            version: timestamp?.version ?? 0,
            sha256: timestamp?.sha256 ?? "",
            files: named,
            username,
            creation_time: now().toISOString(),
          });
        },
      );
    },

    async end(place, username) {
      if (!(await of(place)).timestamp) return false;
      const creation_time = now().toISOString();
      const deletion = {
        category: "deletion",
        version: 0,
        sha256: "",
        files: [],
        username,
        creation_time,
      } as const;
      await add({ ...place, ...deletion, files: [] });
      const { gun, project_id } = place;
      for (const { id, files } of await changes.list({ where: { gun, project_id } }))
        if (files.length > 0) await changes.update(String(id), { files: [] });
      return true;
    },
  };
}
