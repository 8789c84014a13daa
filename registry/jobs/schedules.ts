import { Cron } from "croner";
import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Collections } from "../store/collections.ts";

interface Deps {
  collection: Collections["schedules"];
  /** Asks to be looked after at that time: milliseconds since 1970. */
  by: (time: number) => void;
  now: () => Date;
  log: (line: LogLine) => void;
}

interface Schedule {
  cron: Cron;
  work: () => Promise<void>;
  /** The last time that is done or given up; milliseconds since 1970. */
  last: number;
  /** When it comes next after that; `Infinity` for never. */
  due: number;
  running?: Promise<void> | undefined;
}

export interface Schedules {
  /** Throws `BAD_REQUEST` for a pattern that cannot be read, or that no time ever meets. */
  set(name: string, cron: string, work: () => Promise<void>): Promise<void>;
  remove(name: string): Promise<void>;
  /** When it comes next from now on. */
  next(name: string): Date | undefined;
  /** Begins what is due, and tells when there is more: milliseconds since 1970. */
  look(): number;
  close(): Promise<void>;
}

/**
 * What comes again by the clock, in UTC. The last time is kept: of all that passed while the registry was off or the
 * machine slept, one is made up for.
 */
export function createSchedules({ collection, by, now, log }: Deps): Schedules {
  const schedules = new Map<string, Schedule>();
  let isClosed = false;

  function move(schedule: Schedule, last: number): void {
    schedule.last = last;
    schedule.due = schedule.cron.nextRun(new Date(last))?.getTime() ?? Infinity;
  }

  async function run(name: string, schedule: Schedule): Promise<void> {
    const time = now();
    try {
      await schedule.work();
    } catch (error) {
      if (isClosed) return;
      const stack = error instanceof Error ? error.stack : String(error);
      log({ level: "error", message: "scheduled work failed", schedule: name, stack });
    }
    // Only now, so that a process that is killed before does it again.
    move(schedule, time.getTime());
    schedule.running = undefined;
    by(schedule.due);
    if (schedules.get(name) !== schedule) return;
    await collection.update(name, { last_time: time.toISOString() }).catch((error: unknown) => {
      log({ level: "warn", message: "a schedule is not written", schedule: name, reason: String(error) });
    });
  }

  return {
    async set(name, pattern, work) {
      const cron = parse(pattern);
      if (!cron.nextRun(now())) throw new Fault("BAD_REQUEST", `the schedule ${pattern} never comes`);
      const known = await collection.get(name);
      const same = known?.cron === pattern;
      if (!same) await collection.put({ name, cron: pattern, last_time: now().toISOString() });
      const schedule: Schedule = { cron, work, last: 0, due: Infinity };
      move(schedule, same ? Date.parse(known.last_time) : now().getTime());
      schedules.set(name, schedule);
      by(schedule.due);
    },

    async remove(name) {
      schedules.delete(name);
      await collection.remove(name);
    },

    next: (name) => schedules.get(name)?.cron.nextRun(now()) ?? undefined,

    look() {
      const time = now().getTime();
      let next = Infinity;
      for (const [name, schedule] of schedules) {
        if (schedule.running) continue;
        // The clock was put back.
        if (schedule.last > time) move(schedule, time);
        if (schedule.due > time) next = Math.min(next, schedule.due);
        else schedule.running = run(name, schedule);
      }
      return next;
    },

    async close() {
      isClosed = true;
      for (const { running } of schedules.values()) await running;
    },
  };
}

function parse(pattern: string): Cron {
  try {
    // Other programs write ? where any day will do.
    return new Cron(pattern.replaceAll("?", "*"), { mode: "5-or-6-parts", utcOffset: 0 });
  } catch {
    const shown = pattern.slice(0, 100);
    throw new Fault("BAD_REQUEST", `the schedule ${shown} is not a cron pattern of five or six fields`);
  }
}
