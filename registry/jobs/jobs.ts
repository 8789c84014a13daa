import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Collections, JobDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { freezeCopy } from "../store/plain.ts";
import type { Sequence } from "../store/sequence.ts";
import { atMost, patience } from "./attempt.ts";
import { createEnds } from "./ends.ts";
import type { JobKind, Jobs } from "./job.ts";
import { createJobLogs } from "./job-log.ts";
import { createPauses } from "./pauses.ts";
import { createQueue } from "./queue.ts";
import { createRecords } from "./records.ts";
import { createRunner } from "./runner.ts";
import { createSchedules } from "./schedules.ts";
import { createTicker } from "./ticker.ts";
import { createTrying } from "./trying.ts";

interface Deps {
  collections: Pick<Collections, "jobs" | "schedules" | "facts">;
  sequence: Sequence;
  locks: Locks;
  /** Of the jobs' logs. */
  folder: string;
  now: () => Date;
  log: (line: LogLine) => void;
  random?: () => number;
  /** Milliseconds after which it looks at the clock at the latest. */
  tick?: number;
}

/** Jobs that are not over are in memory, all of them on disk. What is added before `start` waits for it. */
export function createJobs(deps: Deps): Jobs {
  const { collections, sequence, locks, folder, now, log, random = Math.random, tick = 30_000 } = deps;
  const collection = collections.jobs;
  const kinds = new Map<string, JobKind<object>>();
  const queue = createQueue();
  const records = createRecords({ collection, kinds, log });
  const pauses = createPauses(collections.facts, locks);
  const logs = createJobLogs({
    folder,
    now,
    failed: (job, error) =>
      log({ level: "warn", message: "a job's log is not written", job, reason: String(error) }),
  });
  const ticker = createTicker({ every: tick, now, look });
  const { by } = ticker;
  const isPaused = pauses.has;
  const schedules = createSchedules({ collection: collections.schedules, by, now, log });
  const attemptAt = createTrying({ records, kinds, now, random, log });
  const runner = createRunner({ queue, records, logs, kinds, isPaused, by, tick, attemptAt, now, log });
  const ends = createEnds({ collection, queue, records, runner, logs, kinds, locks, now });
  let isClosed = false;

  function look(): number {
    runner.endLate();
    const next = schedules.look();
    runner.pump();
    return Math.min(next, runner.next());
  }

  /** What ran when the process was killed waits again. Kinds that nobody knows here are left for a version that does. */
  async function takeUp(): Promise<void> {
    const left = await collection.list({ where: { status: { in: ["pending", "running"] } }, sort: ["id"] });
    const own = left.filter(({ id, kind }) => kinds.has(kind) && !queue.find(id));
    const saved = own.map(async (document) => {
      const entry = queue.put({ ...document, status: "pending" });
      if (document.status === "running") await records.save(entry, { status: "pending" });
    });
    // A full disk is no reason not to start: it waits in memory, and is written when it begins.
    await Promise.allSettled(saved);
  }

  async function insert(document: JobDocument): Promise<JobDocument> {
    await collection.insert(document);
    queue.put(document);
    runner.pump();
    return { ...document };
  }

  return {
    ...ends,
    isPaused,
    next: schedules.next,
    schedule: schedules.set,
    unschedule: schedules.remove,

    define(kind, work) {
      kinds.set(kind, work);
    },

    add: ({ kind, key, about, group, most = 0 }) =>
      locks.lock(`jobs:${key}`, async () => {
        if (isClosed) throw new Fault("SERVICE_UNAVAILABLE", "the registry is stopping");
        if (!kinds.has(kind)) throw new Fault("UNSUPPORTED", `no work is known of the kind ${kind}`);
        const asked = { kind, key, group, about: freezeCopy(about) as Record<string, unknown> };
        const alike = queue.findAlike(asked);
        if (alike) return { ...alike.document };
        const time = now().toISOString();
        const fresh = { attempts: 0, most, due: time, progress: {}, kept: {}, creation_time: time };
        return insert({ id: await sequence.next("jobs"), ...asked, status: "pending", ...fresh });
      }),

    async start() {
      await pauses.load();
      await takeUp();
      runner.start();
      ticker.start();
    },

    wake(awaits) {
      const due = now().toISOString();
      for (const entry of queue.all()) {
        const { document } = entry;
        if (document.status !== "pending") continue;
        if (awaits === undefined ? document.due <= due : document.awaits !== awaits) continue;
        // It is as good as begun, and that is written in any case.
        records.save(entry, { due, awaits: undefined }).catch(() => undefined);
      }
      runner.pump();
    },

    async awaited() {
      const waiting = [...queue.all()].filter(({ document }) => document.status === "pending");
      const awaited = waiting.flatMap(({ document }) => document.awaits ?? []);
      return [...new Set(awaited)].sort();
    },

    async pause(kind, paused) {
      await pauses.set(kind, paused);
      if (paused) await runner.interrupt(kind);
      else runner.pump();
    },

    async find(id) {
      const entry = queue.find(id);
      return entry ? { ...entry.document } : collection.get(String(id));
    },

    log: (id, from = 0) => logs.read(id, from),

    async close() {
      isClosed = true;
      ticker.stop();
      await Promise.all([runner.close(), atMost(patience, schedules.close())]);
    },
  };
}
