import type { Collections } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";

export interface Pauses {
  load(): Promise<void>;
  /** On disk when it resolves. */
  set(kind: string, paused: boolean): Promise<void>;
  has(kind: string): boolean;
}

const fact = "jobs.paused";

/** Kinds of jobs that are held, over restarts. */
export function createPauses(facts: Collections["facts"], locks: Locks): Pauses {
  let paused: ReadonlySet<string> = new Set();

  const load = (): Promise<void> =>
    locks.lock(fact, async () => {
      const value = (await facts.get(fact))?.value;
      paused = new Set(Array.isArray(value) ? value.map(String) : []);
    });

  return {
    load,
    has: (kind) => paused.has(kind),

    set: (kind, isPaused) =>
      locks.lock(fact, async () => {
        const next = new Set(paused);
        if (isPaused) next.add(kind);
        else next.delete(kind);
        await facts.put({ name: fact, value: [...next] });
        paused = next;
      }),
  };
}
