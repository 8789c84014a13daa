import type { TrustChangeDocument } from "../store/collections.ts";

/** Metadata that is kept, and since when. */
export interface Kept {
  role: string;
  version: number;
  sha256: string;
  /** RFC 3339. */
  creation_time: string;
}

/** All metadata that a collection has had since it was last deleted. */
export interface History {
  timestamp?: Kept;
  snapshot?: Kept;
  byDigest(role: string, sha256: string): Kept | undefined;
  byVersion(role: string, version: number): Kept | undefined;
  /** The highest version of a role; 0 when there is none. */
  highest(role: string): number;
}

/** Knows what the changes that it is given brought; a deletion ends all that came before it. */
export function createHistory(): History & { add(change: TrustChangeDocument): void } {
  const files = new Map<string, Kept>();
  const highest = new Map<string, number>();
  const history: ReturnType<typeof createHistory> = {
    byDigest: (role, sha256) => files.get(`${role}@${sha256}`),
    byVersion: (role, version) => files.get(`${role}:${version}`),
    highest: (role) => highest.get(role) ?? 0,

    add({ category, files: brought, creation_time }) {
      if (category === "deletion") {
        files.clear();
        highest.clear();
        delete history.timestamp;
        delete history.snapshot;
      }
      for (const file of brought) {
        const { role, version, sha256 } = file;
        const kept = { ...file, creation_time };
        files.set(`${role}@${sha256}`, kept);
        files.set(`${role}:${version}`, kept);
        highest.set(role, Math.max(version, highest.get(role) ?? 0));
        if (role === "timestamp" || role === "snapshot") history[role] = kept;
      }
    },
  };
  return history;
}
