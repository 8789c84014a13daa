import { LRUCache } from "lru-cache";
import { orAborted } from "./at-once.ts";
import type { Side } from "./side.ts";

/** Which repository of a target has a blob that came from one source, over all jobs between the two. */
export interface Places {
  note(digest: string, repository: string): void;
  /**
   * Runs `send` while no other job sends the same blob to the same target, and hands it a repository that has it by now: what
   * two jobs need goes over once. What one source has brought is not offered to what another source names.
   */
  send(
    digest: string,
    repository: string,
    signal: AbortSignal,
    send: (mount: string | undefined) => Promise<void>,
  ): Promise<void>;
}

const most = 100_000;
const known = new WeakMap<Side, WeakMap<Side, Places>>();

export function placesOf(source: Side, target: Side): Places {
  const sources = known.get(target) ?? new WeakMap<Side, Places>();
  known.set(target, sources);
  const places = sources.get(source) ?? createPlaces();
  sources.set(source, places);
  return places;
}

function createPlaces(): Places {
  const holders = new LRUCache<string, string>({ max: most });
  const sending = new Map<string, Promise<void>>();
  return {
    note: (digest, repository) => void holders.set(digest, repository),

    async send(digest, repository, signal, send) {
      for (let other = sending.get(digest); other; other = sending.get(digest))
        await orAborted(
          other.catch(() => undefined),
          signal,
        );
      const work = send(holders.get(digest));
      sending.set(digest, work);
      try {
        await work;
        holders.set(digest, repository);
      } finally {
        sending.delete(digest);
      }
    },
  };
}
