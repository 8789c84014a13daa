/** Work that must not overlap, by key. In memory: one process owns the data. */
export interface Locks {
  /**
   * Runs `work` alone among all work of the same key, or of any of the keys, in the order of asking.
   *
   * Not to be asked for again inside `work` with the same key: that would wait for itself.
   */
  lock<T>(keys: string | readonly string[], work: () => Promise<T>): Promise<T>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<void>>();

  return {
    async lock(keys, work) {
      // A place in every queue is taken in one step, so no two callers ever wait for one another.
      const mine = [...new Set(typeof keys === "string" ? [keys] : keys)];
      const before = mine.map((key) => last.get(key) ?? Promise.resolve());
      let release: () => void = () => undefined;
      const done = new Promise<void>((resolve) => (release = resolve));
      for (const key of mine) last.set(key, done);
      await Promise.all(before);
      try {
        return await work();
      } finally {
        for (const key of mine) if (last.get(key) === done) last.delete(key);
        release();
      }
    },
  };
}
