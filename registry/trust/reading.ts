import type { Archive, Place } from "./archive.ts";
import type { Kept } from "./history.ts";
import { toMetadata, type Metadata } from "./metadata.ts";
import { notFound } from "./refusals.ts";
import { metaOf } from "./snapshots.ts";
import type { Owner } from "./server-keys.ts";

/** Metadata as it is served: the bytes that were published. */
export interface Served {
  bytes: Buffer;
  /** Since when it is kept, RFC 3339. */
  creation_time: string;
}

export interface Reading {
  /** What clients get of a role now. Timestamp and snapshot are signed anew first if they are due. Throws `METADATA_NOT_FOUND`. */
  current(place: Place, role: string): Promise<Served>;
  /** Superseded metadata too: clients may be in the middle of a reading. Throws `METADATA_NOT_FOUND`. */
  byDigest(owner: Owner, role: string, sha256: string): Promise<Served>;
  byVersion(owner: Owner, role: string, version: number): Promise<Served>;
}

interface Deps {
  archive: Archive;
  /** Signs what is due, if the keys are here. */
  refresh(place: Place): Promise<void>;
}

export function createReading({ archive, refresh }: Deps): Reading {
  async function serve(kept: Kept | undefined): Promise<Served> {
    if (!kept) throw notFound();
    return { bytes: await archive.read(kept), creation_time: kept.creation_time };
  }

  return {
    async current(place, role) {
      if (role === "timestamp" || role === "snapshot") await refresh(place);
      return serve(await findCurrent(archive, place, role));
    },
    byDigest: async (owner, role, sha256) => serve((await archive.of(owner)).byDigest(role, sha256)),
    byVersion: async (owner, role, version) => serve((await archive.of(owner)).byVersion(role, version)),
  };
}

/** What the timestamp's snapshot names: one consistent view, as clients walk it. */
async function findCurrent(archive: Archive, owner: Owner, role: string): Promise<Kept | undefined> {
  const history = await archive.of(owner);
  if (role === "timestamp" || role === "snapshot") return history[role];
  if (!history.snapshot) return undefined;
  const snapshot = toMetadata(await archive.read(history.snapshot));
  const named = metaOf(snapshot, "snapshot").get(role);
  return named && history.byDigest(role, named.sha256);
}

/** Reads what is current for one piece of work: each role once. */
export function createView(archive: Archive, owner: Owner): (role: string) => Promise<Metadata | undefined> {
  const read = new Map<string, Promise<Metadata | undefined>>();
  async function find(role: string): Promise<Metadata | undefined> {
    const kept = await findCurrent(archive, owner, role);
    return kept && toMetadata(await archive.read(kept));
  }
  return (role) => {
    const found = read.get(role) ?? find(role);
    read.set(role, found);
    return found;
  };
}
