import { setTimeout as wait } from "node:timers/promises";
import type { LogLine } from "../config.ts";
import { atMost, type Attempt, createAttempt, patience } from "./attempt.ts";
import type { JobKind } from "./job.ts";
import type { JobLog, JobLogs } from "./job-log.ts";
import { isOver, type Outcome, wordsOf } from "./outcome.ts";
import type { Entry, Queue } from "./queue.ts";
import type { Records } from "./records.ts";

interface Deps {
  queue: Queue;
  records: Records;
  logs: JobLogs;
  kinds: ReadonlyMap<string, JobKind<object>>;
  isPaused: (kind: string) => boolean;
  /** Asks to be looked after at that time: milliseconds since 1970. */
  by: (time: number) => void;
  /** Milliseconds until a disk that refused is tried again. */
  tick: number;
  /** Makes one attempt, and tells what became of it. */
  attemptAt: (entry: Entry, attempt: Attempt, jobLog: JobLog) => Promise<Outcome>;
  now: () => Date;
  log: (line: LogLine) => void;
}

export interface Runner {
  start(): void;
  /** Begins what may begin. */
  pump(): void;
  /** Ends attempts whose time is up. */
  endLate(): void;
  /** When there is more to do for it. */
  next(): number;
  /** Interrupts what runs of a kind. Resolves when it has ended, or after five seconds. */
  interrupt(kind: string): Promise<void>;
  /** Begins nothing more, and interrupts all that runs. */
  close(): Promise<void>;
}

/** Takes jobs from the queue as far as their kinds allow, and sees each through to what becomes of it. */
export function createRunner(deps: Deps): Runner {
  const { queue, records, logs, kinds, isPaused, by, tick, attemptAt, now, log } = deps;
  const running = new Map<Entry, Attempt>();
  const closing = new AbortController();
  let isOpen = false;

  function pump(): void {
    for (const [name, kind] of kinds) {
      if (!isOpen || isPaused(name)) continue;
      const sameKind = [...running.keys()].filter(({ document }) => document.kind === name);
      for (let free = kind.atOnce() - sameKind.length; free > 0; free--) {
        const entry = queue.take(name, now());
        if (!entry) break;
        begin(entry, kind);
      }
    }
  }

  function begin(entry: Entry, kind: JobKind<object>): void {
    const attempt = createAttempt(now().getTime() + (kind.deadline ?? Infinity));
    entry.attempt = attempt;
    running.set(entry, attempt);
    by(attempt.deadline);
    attempt.done = run(entry, attempt);
  }

  async function run(entry: Entry, attempt: Attempt): Promise<void> {
    const jobLog = logs.open(entry.document.id);
    const outcome = await attemptAt(entry, attempt, jobLog);
    jobLog.add(...wordsOf(outcome));
    await jobLog.close();
    await settle(entry, { ...outcome, progress: entry.document.progress });
    running.delete(entry);
    entry.attempt = undefined;
    if (isOver(outcome)) {
      queue.drop(entry);
    } else {
      queue.putBack(entry);
      by(Date.parse(entry.document.due));
    }
    records.tell(entry.document);
    pump();
  }

  /** A disk that is full may have room later. If it has none until the end, the next start finds the job running, and does it again. */
  async function settle(entry: Entry, outcome: Outcome): Promise<void> {
    for (;;) {
      try {
        return await records.save(entry, outcome);
      } catch (error) {
        if (closing.signal.aborted) return;
        const { id } = entry.document;
        log({ level: "warn", message: "a job's end is not written yet", job: id, reason: String(error) });
        await wait(tick, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  async function interrupt(which: (entry: Entry) => boolean): Promise<void> {
    const attempts = [...running].filter(([entry]) => which(entry)).map(([, attempt]) => attempt);
    for (const attempt of attempts) attempt.end("interrupted");
    await atMost(patience, Promise.all(attempts.map((attempt) => attempt.done)));
  }

  return {
    pump,

    start() {
      isOpen = true;
      pump();
    },

    endLate() {
      const time = now().getTime();
      for (const attempt of running.values()) if (attempt.deadline <= time) attempt.end("late");
    },

    next() {
      const deadlines = [...running.values()].filter(({ ending }) => ending === undefined);
      return Math.min(queue.nextDue(now()), ...deadlines.map(({ deadline }) => deadline));
    },

    interrupt: (kind) => interrupt(({ document }) => document.kind === kind),

    async close() {
      isOpen = false;
      closing.abort();
      await interrupt(() => true);
    },
  };
}
