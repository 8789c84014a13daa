import { onTestFinished } from "vitest";
import type { LogLine } from "../../registry/config.ts";
import type { JobKind, Jobs, NewJob, Running } from "../../registry/jobs/job.ts";
import { createJobs } from "../../registry/jobs/jobs.ts";
import type { Collections, JobDocument } from "../../registry/store/collections.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { openStore } from "../../registry/store/open.ts";
import { fastFolder } from "../store/folder.ts";

export interface Opened {
  jobs: Jobs;
  collections: Collections;
  /** What the registry's log was told. */
  lines: LogLine[];
  /** As the registry stops. */
  close(): Promise<void>;
}

/** A clock that goes only when it is told to. */
export class Clock {
  time = Date.parse("2026-01-02T03:04:05.678Z");
  readonly now = (): Date => new Date(this.time);

  forward(milliseconds: number): void {
    this.time += milliseconds;
  }
}

interface Options {
  folder?: string;
  now?: () => Date;
  tick?: number;
  random?: () => number;
}

/** Jobs on a real store, as the registry joins them; begun by whoever has defined the kinds. */
export async function openJobs(options: Options = {}): Promise<Opened> {
  const { folder, now = () => new Date(), tick = 10, random = () => 0.5 } = options;
  const lines: LogLine[] = [];
  const log = (line: LogLine): void => void lines.push(line);
  const dataDir = folder ?? (await fastFolder());
  const store = await openStore({ dataDir, now, log });
  const { collections, sequence, locks } = store;
  const jobs = createJobs({
    collections,
    sequence,
    locks,
    folder: layoutOf(dataDir).jobs,
    now,
    log,
    random,
    tick,
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= jobs.close().then(() => store.close()));
  onTestFinished(close);
  return { jobs, collections, lines, close };
}

export interface About {
  name: string;
}

/** A job of the kind `copy` whose key is its name, unless told otherwise. */
export const copyOf = (name: string, more: Partial<NewJob> = {}): NewJob => ({
  kind: "copy",
  key: name,
  about: { name },
  ...more,
});

/** Work that lasts until it is told how to end, and obeys its signal. */
export class Bench {
  /** Names in the order in which they began. */
  readonly begun: string[] = [];
  /** What runs now. */
  readonly running = new Map<string, { job: Running<About>; end: (error?: Error) => void }>();
  readonly changes: JobDocument[] = [];
  atOnce = 2;

  kind(more: Partial<JobKind<About>> = {}): JobKind<About> {
    return {
      atOnce: () => this.atOnce,
      run: (job) => this.#run(job),
      changed: (job) => void this.changes.push(job),
      ...more,
    };
  }

  /** Lets the one of that name end, once it has begun. */
  async end(name: string, error?: Error): Promise<void> {
    await until(() => this.running.has(name));
    this.running.get(name)?.end(error);
  }

  #run(job: Running<About>): Promise<void> {
    const { name } = job.about;
    this.begun.push(name);
    return new Promise<void>((resolve, reject) => {
      this.running.set(name, { job, end: (error) => (error === undefined ? resolve() : reject(error)) });
      job.signal.addEventListener("abort", () => reject(job.signal.reason as Error));
      if (job.signal.aborted) reject(job.signal.reason as Error);
    }).finally(() => this.running.delete(name));
  }
}

/** Waits until it is so; ten seconds at most. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it never came to ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the job is in that state, and tells how it stands. */
export async function statusOf(
  { jobs }: Opened,
  id: number,
  status: JobDocument["status"],
): Promise<JobDocument> {
  let found: JobDocument | undefined;
  await until(async () => (found = await jobs.find(id))?.status === status);
  return found as JobDocument;
}
