import type { JobDocument } from "../store/collections.ts";
import type { Attempt } from "./attempt.ts";
import { longestWait } from "./back-off.ts";

/** A job that is not over. */
export interface Entry {
  /** As it stands; of its progress the disk may be a second behind. */
  document: JobDocument;
  /** The same for jobs that do the same. */
  readonly likeness: string;
  /** While it runs. */
  attempt?: Attempt | undefined;
}

/** All jobs that are not over, in memory, so that those that are cost nothing. */
export interface Queue {
  find(id: number): Entry | undefined;
  all(): Iterable<Entry>;
  /** One that waits, and would do the same. */
  findAlike(job: Pick<JobDocument, "kind" | "key" | "group" | "about">): Entry | undefined;
  /** Lets a job wait: behind those of its key that run or are older. */
  put(document: JobDocument): Entry;
  /** Takes the next of a kind that may begin: it is due, and the first of its key. It runs from then on. */
  take(kind: string, now: Date): Entry | undefined;
  /** Lets one that ran wait again. */
  putBack(entry: Entry): void;
  drop(entry: Entry): void;
  /** When the first of the waits ends that are not over: milliseconds since 1970, `Infinity` without any. */
  nextDue(now: Date): number;
}

export function createQueue(): Queue {
  const entries = new Map<number, Entry>();
  /** By key: one that runs first, the others by age. */
  const lines = new Map<string, Entry[]>();
  /** By kind: the first of each line, unless it runs. */
  const fronts = new Map<string, Set<Entry>>();

  function frontsOf(kind: string): Set<Entry> {
    let found = fronts.get(kind);
    if (!found) fronts.set(kind, (found = new Set()));
    return found;
  }

  /** Changes the line of a key, and keeps its first one among the fronts. */
  function change(key: string, work: (line: Entry[]) => void): void {
    const line = lines.get(key) ?? [];
    const before = line[0];
    work(line);
    const after = line[0];
    if (before && before !== after) frontsOf(before.document.kind).delete(before);
    if (after && waits(after)) frontsOf(after.document.kind).add(after);
    if (after) lines.set(key, line);
    else lines.delete(key);
  }

  function insert(entry: Entry): void {
    entries.set(entry.document.id, entry);
    change(entry.document.key, (line) => {
      const later = (other: Entry): boolean => waits(other) && other.document.id > entry.document.id;
      let at = line.length;
      for (let last = line[at - 1]; last && later(last); last = line[at - 1]) at -= 1;
      line.splice(at, 0, entry);
    });
  }

  function drop(entry: Entry): void {
    if (!entries.delete(entry.document.id)) return;
    change(entry.document.key, (line) => void line.splice(line.indexOf(entry), 1));
  }

  return {
    find: (id) => entries.get(id),
    all: () => entries.values(),
    drop,

    findAlike(job) {
      const likeness = likenessOf(job);
      return lines
        .get(job.key)
        ?.find((entry) => entry.document.status === "pending" && entry.likeness === likeness);
    },

    put(document) {
      const entry = { document, likeness: likenessOf(document) };
      insert(entry);
      return entry;
    },

    take(kind, now) {
      const [from, to] = [now.toISOString(), new Date(now.getTime() + longestWait).toISOString()];
      for (const entry of frontsOf(kind)) {
        if (entry.document.due > from && entry.document.due <= to) continue;
        frontsOf(kind).delete(entry);
        entry.document = { ...entry.document, status: "running" };
        return entry;
      }
      return undefined;
    },

    putBack(entry) {
      drop(entry);
      insert(entry);
    },

    nextDue(now) {
      const from = now.toISOString();
      let next: string | undefined;
      for (const waiting of fronts.values()) {
        for (const { document } of waiting) {
          if (document.due > from && (next === undefined || document.due < next)) next = document.due;
        }
      }
      return next === undefined ? Infinity : Date.parse(next);
    },
  };
}

/** An attempt that has ended holds its place until that is on disk. */
const waits = ({ document, attempt }: Entry): boolean => document.status === "pending" && !attempt;

/** Whatever the order of the fields that tell what it is about. */
function likenessOf({ kind, group, about }: Pick<JobDocument, "kind" | "group" | "about">): string {
  return JSON.stringify([kind, group, about], (_name, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
