import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { Events } from "../events.ts";
import type { Collections } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Archive, Place } from "./archive.ts";
import { sha256Of, type Metadata } from "./metadata.ts";
import { createView } from "./reading.ts";
import { oldVersion } from "./refusals.ts";
import type { ServerKeys } from "./server-keys.ts";
import { dueAt, makeSnapshot, makeTimestamp } from "./signing.ts";
import { rolesOf } from "./structure.ts";
import { validate } from "./validate.ts";

export interface Publishing {
  /**
   * Takes an update, by role, whole or not at all; what it answers for is on disk. Of two that start from the same
   * versions the second gets `VERSION`. Throws `INVALID_UPDATE`, `MALFORMED_JSON`.
   */
  publish(place: Place, uploaded: ReadonlyMap<string, Metadata>, username: string): Promise<void>;
  /** Ends the collection's trust data, and says whether there was any. */
  remove(place: Place, username: string): Promise<boolean>;
  /** Signs timestamp and snapshot anew if they are due, their keys are held here, and there is room. */
  refresh(place: Place): Promise<void>;
}

interface Deps {
  archive: Archive;
  keys: ServerKeys;
  collections: Pick<Collections, "projects">;
  events: Events;
  locks: Locks;
  now: () => Date;
}

export function createPublishing({ archive, keys, collections, events, locks, now }: Deps): Publishing {
  const alone = <T>({ gun }: Place, work: () => Promise<T>): Promise<T> => locks.lock(`trust:${gun}`, work);

  /** Until when timestamps are good, by their digests: they are asked for again and again. */
  const good = new LRUCache<string, number>({ max: 10_000 });

  async function tell({ project_id, repository_name }: Place): Promise<void> {
    const project_name = (await collections.projects.get(String(project_id)))?.name;
    if (project_name === undefined) return;
    events.emit({ name: "trust.changed", project_id, project_name, repository_name });
  }

  async function keep(place: Place, files: ReadonlyMap<string, Metadata>, username: string): Promise<void> {
    const history = await archive.of(place);
    // Also what the client has not seen of a role that the snapshot names no more: a version never comes back.
    for (const [role, { version }] of files) if (version <= history.highest(role)) throw oldVersion();
    const signed = ["timestamp", "snapshot"].flatMap((role) => files.get(role)?.signatures ?? []);
    // First: once the change is there nothing may fail any more.
    await keys.used(signed.map(({ keyid }) => keyid));
    await archive.append(place, files, username);
  }

  /** What is due, signed anew; nothing when the keys are elsewhere, and clients then say what has expired. */
  async function renewed(place: Place): Promise<Map<string, Metadata>> {
    const fresh = new Map<string, Metadata>();
    const current = createView(archive, place);
    const [before, timestamp] = [await current("snapshot"), await current("timestamp")];
    const time = now().getTime();
    if (!before || !timestamp) return fresh;
    const isOld = dueAt(before, "snapshot") < time;
    const isDue = dueAt(timestamp, "timestamp") < time;
    if (!isOld && !isDue) {
      good.set(sha256Of(timestamp.bytes), Math.min(dueAt(before, "snapshot"), dueAt(timestamp, "timestamp")));
      return fresh;
    }

    const root = await current("root");
    if (!root) return fresh;
    const roles = rolesOf(root);
    const about = { sign: keys.signerOf(place), now: time };
    const snapshot = isOld
      ? await makeSnapshot(new Map([["root", root]]), { ...about, role: roles.snapshot, before })
      : undefined;
    if (!snapshot && !isDue) return fresh;
    const next = await makeTimestamp(snapshot ?? before, {
      ...about,
      role: roles.timestamp,
      before: timestamp,
    });
    if (!next) return fresh;
    if (snapshot) fresh.set("snapshot", snapshot);
    return fresh.set("timestamp", next);
  }

  return {
    async publish(place, uploaded, username) {
      await alone(place, async () => {
        const files = await validate(uploaded, {
          gun: place.gun,
          current: createView(archive, place),
          sign: keys.signerOf(place),
          now: now().getTime(),
        });
        await keep(place, files, username);
      });
      await tell(place);
    },

    async remove(place, username) {
      const removed = await alone(place, () => archive.end(place, username));
      if (removed) await tell(place);
      return removed;
    },

    async refresh(place) {
      const { timestamp } = await archive.of(place);
      if (timestamp && now().getTime() < (good.get(timestamp.sha256) ?? 0)) return;
      if ((await renewed(place)).size === 0) return;
      // Of several who found it due, the first signs.
      await alone(place, async () => {
        const files = await renewed(place);
        if (files.size > 0) await keep(place, files, "");
      }).catch((error: unknown) => {
        // What is there can still be read, on a full disk too.
        if (!(error instanceof Fault)) throw error;
      });
    },
  };
}
