import { performance } from "node:perf_hooks";
import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Reachable } from "../contract/registries.ts";
import type { Events } from "../events.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections } from "../store/collections.ts";
import type { Peers } from "./peers.ts";

interface Deps {
  collections: Pick<Collections, "registries">;
  peers: Peers;
  jobs: Pick<Jobs, "awaited" | "wake">;
  events: Events;
  now: () => Date;
  log: (line: LogLine) => void;
}

export interface Health {
  start(): void;
  close(): Promise<void>;
}

/** Milliseconds. */
const refresh = 5 * 60_000;
const watch = 5_000;
const firstRest = 30_000;
const longestRest = 5 * 60_000;

/** What jobs wait for when they wait for an endpoint. */
export const awaiting = (registry_id: number): string => `registry:${registry_id}`;

/** What is stored of how an endpoint answered. */
export function statusOf({ problem, message }: Reachable) {
  return problem === undefined
    ? ({ status: "healthy", status_reason: undefined } as const)
    : ({ status: "unhealthy", status_reason: message } as const);
}

/**
 * Asks endpoints how they are: all of them every five minutes, those that jobs wait for every five seconds, so that jobs go
 * on as soon as one is back. One that answers while jobs go on to fail there wakes them less and less often.
 */
export function createHealth({ collections, peers, jobs, events, now, log }: Deps): Health {
  const { registries } = collections;
  const rests = new Map<number, { length: number; end: number }>();
  const closing = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  let running = new Set<Promise<void>>();

  /** Whether it is well. One that is removed in the meantime is not. */
  async function check(id: number): Promise<boolean> {
    try {
      const found = statusOf(await peers.check(id, closing.signal));
      await note(id, found);
      return found.status === "healthy";
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return false;
    }
  }

  async function note(id: number, found: ReturnType<typeof statusOf>): Promise<void> {
    const before = await registries.get(String(id));
    if (!before || closing.signal.aborted) return;
    const changed = before.status !== found.status || before.status_reason !== found.status_reason;
    const age = now().getTime() - Date.parse(before.status_time ?? "1970-01-01T00:00:00Z");
    if (!changed && age >= 0 && age < refresh / 2) return;
    await registries.update(String(id), { ...found, status_time: now().toISOString() });
    if (changed) events.emit({ name: "registry.changed", registry_id: id });
  }

  async function checkAll(): Promise<void> {
    const all = await registries.list({ sort: ["id"] });
    await Promise.all(all.map(({ id }) => check(id)));
  }

  async function checkAwaited(): Promise<void> {
    const ids = (await jobs.awaited()).flatMap((what) => {
      const [, id] = /^registry:(\d+)$/.exec(what) ?? [];
      return id === undefined ? [] : [Number(id)];
    });
    await Promise.all(
      ids.map(async (id) => {
        if (!(await check(id))) rests.delete(id);
        else if (isRested(id)) jobs.wake(awaiting(id));
      }),
    );
  }

  /** Whether jobs may be woken again; then the next time is further off. */
  function isRested(id: number): boolean {
    const time = performance.now();
    const rest = rests.get(id);
    if (rest && time < rest.end) return false;
    const goesOn = rest !== undefined && time < rest.end + longestRest;
    const length = goesOn ? Math.min(rest.length * 2, longestRest) : firstRest;
    rests.set(id, { length, end: time + length });
    return true;
  }

  function every(milliseconds: number, work: () => Promise<void>, first = milliseconds): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      const done = work()
        .catch((error: unknown) =>
          log({ level: "error", message: "endpoints not checked", error: String(error) }),
        )
        .finally(() => {
          running.delete(done);
          if (!closing.signal.aborted) every(milliseconds, work);
        });
      running.add(done);
    }, first);
    timer.unref();
    timers.add(timer);
  }

  return {
    start() {
      every(refresh, checkAll, 0);
      every(watch, checkAwaited);
    },

    async close() {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running);
      running = new Set();
    },
  };
}
