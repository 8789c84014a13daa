import type { LogLine } from "../config.ts";
import type { Collections, JobDocument } from "../store/collections.ts";
import type { JobKind } from "./job.ts";
import type { Entry } from "./queue.ts";

interface Deps {
  collection: Collections["jobs"];
  kinds: ReadonlyMap<string, JobKind<object>>;
  log: (line: LogLine) => void;
}

export interface Records {
  /** Changes a job in memory at once; it is on disk when it resolves. A field that is `undefined` goes. */
  save(entry: Entry, change: Partial<JobDocument>): Promise<void>;
  /** Tells those who look after a kind that a job of it has changed. */
  tell(document: JobDocument): void;
}

export function createRecords({ collection, kinds, log }: Deps): Records {
  return {
    async save(entry, change) {
      entry.document = { ...entry.document, ...change };
      await collection.update(String(entry.document.id), change);
    },

    tell(document) {
      try {
        kinds.get(document.kind)?.changed?.({ ...document });
      } catch (error) {
        const stack = error instanceof Error ? error.stack : String(error);
        log({ level: "error", message: "a job's change was not taken", job: document.id, stack });
      }
    },
  };
}
