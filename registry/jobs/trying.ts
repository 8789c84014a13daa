import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Attempt } from "./attempt.ts";
import { Again, type JobKind } from "./job.ts";
import type { JobLog } from "./job-log.ts";
import { begun, ended, failed, notBegun, type Outcome, succeeded } from "./outcome.ts";
import type { Entry } from "./queue.ts";
import type { Records } from "./records.ts";
import { openRunning } from "./running.ts";

interface Deps {
  records: Records;
  kinds: ReadonlyMap<string, JobKind<object>>;
  now: () => Date;
  random: () => number;
  log: (line: LogLine) => void;
}

/** Makes one attempt at a job, and tells what became of it. The only place where what its work throws is caught. */
export function createTrying({ records, kinds, now, random, log }: Deps) {
  return async function attemptAt(entry: Entry, attempt: Attempt, jobLog: JobLog): Promise<Outcome> {
    const kind = kinds.get(entry.document.kind);
    const about = () => ({ document: entry.document, now: now(), random });
    try {
      await records.save(entry, begun(entry.document, now()));
    } catch (error) {
      log({ level: "warn", message: "a job could not begin", job: entry.document.id, reason: String(error) });
      return notBegun(error, about());
    }
    records.tell(entry.document);
    jobLog.add("info", `attempt ${entry.document.attempts} begins`);
    const { running: given, end } = openRunning({ entry, attempt, jobLog, records });
    try {
      if (attempt.ending === undefined) await kind?.run(given);
    } catch (error) {
      if (attempt.ending === undefined) return failed(logUnknown(entry, error), about());
    } finally {
      end();
    }
    if (attempt.ending === undefined) return succeeded(now());
    return ended(attempt.ending, { ...about(), deadline: kind?.deadline ?? 0 });
  };

  /** A mistake of ours is told in full where only we look. */
  function logUnknown({ document }: Entry, error: unknown): unknown {
    if (error instanceof Again || error instanceof Fault) return error;
    const stack = error instanceof Error ? error.stack : String(error);
    log({ level: "error", message: "job failed", job: document.id, kind: document.kind, stack });
    return error;
  }
}
