import type { Events } from "../events.ts";
import type { LogLine, SecretStore } from "../config.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Collections } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { createArchive, type Place } from "./archive.ts";
import { createChangefeed, type Changefeed } from "./changefeed.ts";
import type { Key } from "./keys.ts";
import { createPublishing, type Publishing } from "./publishing.ts";
import { createReading, createView, type Reading } from "./reading.ts";
import { openServerKeys, type ServerRole } from "./server-keys.ts";
import { rolesOf } from "./structure.ts";

export interface Trust extends Reading, Pick<Publishing, "publish" | "remove"> {
  /** The key by which the server signs, or would sign, as that role. */
  key(place: Place, role: ServerRole): Promise<Key>;
  /** A fresh key for that role, to be named by the next root; the same one until then. */
  nextKey(place: Place, role: ServerRole): Promise<Key>;
  changefeed: Changefeed;
  /** Removes all trust data of a repository, under whatever names its clients know it. */
  removeRepository(repository: { project_id: number; name: string }, username: string): Promise<void>;
  /** Waits for what is still being removed. */
  close(): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "trustChanges" | "trustKeys" | "projects">;
  blobs: Pick<Blobs, "readAll" | "write">;
  secrets: SecretStore;
  events: Events;
  locks: Locks;
  sequence: Sequence;
  now: () => Date;
  log: (line: LogLine) => void;
}

/** The trust service: Docker Content Trust's server, Notary v1. Without HTTP, and without knowing who asks. */
export async function openTrust(deps: Deps): Promise<Trust> {
  const { collections, locks, events, log } = deps;
  const { trustChanges, trustKeys } = collections;
  const keys = await openServerKeys(deps);
  const archive = createArchive(deps);
  const { publish, remove, refresh } = createPublishing({ ...deps, archive, keys });

  async function named(place: Place, role: ServerRole): Promise<readonly string[]> {
    const root = await createView(archive, place)("root");
    return root ? rolesOf(root)[role].keyids : [];
  }

  const next = (place: Place, role: ServerRole, except: readonly string[]): Promise<Key> =>
    locks.lock(`trust:${place.gun}`, () => keys.next(place, role, except));

  /** Nobody can ask for the trust data of a project that is gone: a later one of its name is another. */
  async function forget(project_id: number): Promise<void> {
    await trustChanges.removeAll({ project_id });
    await trustKeys.removeAll({ project_id });
  }
  let removing: Promise<void> = Promise.resolve();
  const stopListening = events.on(({ name, project_id }) => {
    if (name !== "project.removed" || project_id === undefined) return;
    removing = removing
      .then(() => forget(project_id))
      .catch((error: unknown) =>
        log({ level: "warn", message: "trust data was not removed", project_id, reason: String(error) }),
      );
  });

  return {
    ...createReading({ archive, refresh }),
    publish,
    remove,
    changefeed: createChangefeed(collections),

    async key(place, role) {
      const keyids = await named(place, role);
      return (await keys.held(place, role, keyids)) ?? next(place, role, []);
    },

    nextKey: async (place, role) => next(place, role, await named(place, role)),

    async removeRepository({ project_id, name: repository_name }, username) {
      const where = { project_id, repository_name };
      const guns = new Set((await trustChanges.list({ where })).map(({ gun }) => gun));
      for (const gun of guns) await remove({ gun, ...where }, username);
    },

    async close() {
      stopListening();
      await removing;
    },
  };
}
