/** Manifests and configurations that were asked for lately. They never change, so what is here is right until removed. */
export interface SmallBlobs {
  get(digest: string): Buffer | undefined;
  keep(digest: string, bytes: Buffer): void;
  drop(digest: string): void;
}

const largest = 64 * 1024;

export function createSmallBlobs(limit: number): SmallBlobs {
  // A Map keeps the order in which keys were set: the first is the one not asked for the longest.
  const kept = new Map<string, Buffer>();
  let held = 0;

  function drop(digest: string): void {
    held -= kept.get(digest)?.length ?? 0;
    kept.delete(digest);
  }

  return {
    drop,

    get(digest) {
      const bytes = kept.get(digest);
      if (!bytes) return undefined;
      kept.delete(digest);
      kept.set(digest, bytes);
      return bytes;
    },

    keep(digest, bytes) {
      if (bytes.length > largest) return;
      drop(digest);
      kept.set(digest, bytes);
      held += bytes.length;
      for (const oldest of kept.keys()) {
        if (held <= limit) return;
        drop(oldest);
      }
    },
  };
}
