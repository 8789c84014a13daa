import { freezeCopy } from "../store/plain.ts";
import type { Attempt } from "./attempt.ts";
import type { Running } from "./job.ts";
import type { JobLog } from "./job-log.ts";
import type { Entry } from "./queue.ts";
import type { Records } from "./records.ts";

interface Deps {
  entry: Entry;
  attempt: Attempt;
  jobLog: JobLog;
  records: Records;
}

/** Milliseconds between two writes of progress. */
const between = 1000;

/** What a job's work is given. After `end` it says nothing any more, should the work go on by mistake. */
export function openRunning({ entry, attempt, jobLog, records }: Deps): {
  running: Running<object>;
  end(): void;
} {
  const { id, about, attempts } = entry.document;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  function showProgress(): void {
    timer = undefined;
    // What the disk does not take now it takes with the end.
    records.save(entry, { progress: entry.document.progress }).catch(() => undefined);
    records.tell(entry.document);
  }

  const running: Running<object> = {
    id,
    about,
    attempt: attempts,
    signal: attempt.signal,
    get kept() {
      return entry.document.kept;
    },

    log(level, message) {
      if (!isOver) jobLog.add(level, message);
    },

    progress(numbers) {
      if (isOver) return;
      const finite = Object.entries(numbers).filter(([, number]) => Number.isFinite(number));
      const progress = { ...entry.document.progress, ...Object.fromEntries(finite) };
      entry.document = { ...entry.document, progress };
      timer ??= setTimeout(showProgress, between).unref();
    },

    async keep(values) {
      if (isOver) return;
      // Leaves out what is `undefined`, and refuses what is no JSON before it can spoil the rest.
      const kept = freezeCopy({ ...entry.document.kept, ...values });
      await records.save(entry, { kept });
    },
  };

  return {
    running,
    end() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
