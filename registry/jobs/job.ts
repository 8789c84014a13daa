import type { JobDocument } from "../store/collections.ts";

/** A kind of work that outlives a request. `A` is what one job of it is about: JSON. */
export interface JobKind<A extends object> {
  /** How many of this kind run at once; asked anew for each. */
  atOnce: () => number;
  /** Milliseconds that one attempt may take; absent has no end. One that takes longer is tried again as after `Again`. */
  deadline?: number;
  /**
   * Does the work, once or again: what an earlier attempt has done must do no harm. To be tried again later it throws `Again`;
   * whatever else it throws ends the job as failed, a `Fault` with its sentence. It must end soon after `signal` says so, and
   * what ends after that, in whatever way, counts as not done.
   */
  run(job: Running<A>): Promise<void>;
  /** Told when a job has changed: it began, moved on, waits, is over. */
  changed?(job: JobDocument): void;
}

/** A job while it runs. */
export interface Running<A extends object> {
  readonly id: number;
  readonly about: A;
  /** From 1. */
  readonly attempt: number;
  /** What earlier attempts noted to go on from. */
  readonly kept: Readonly<Record<string, unknown>>;
  /** Says that it was stopped, that its time is up, or that the registry stops. */
  readonly signal: AbortSignal;
  /** Adds a line to the job's own log. */
  log(level: "info" | "warn" | "error", message: string): void;
  /** Shows how far it is; numbers not named stay. In memory, written every second. */
  progress(numbers: Record<string, number>): void;
  /** Notes something to go on from; on disk when it resolves. */
  keep(values: Record<string, unknown>): Promise<void>;
}

/** Thrown by work that failed for a reason that may pass. */
export class Again extends Error {
  /** Milliseconds that the other side asked to wait. */
  readonly after: number | undefined;
  /** What it waits for, such as `registry:3`: when that is back it runs at once. */
  readonly awaits: string | undefined;

  constructor(reason: string, { after, awaits }: { after?: number; awaits?: string } = {}) {
    super(reason);
    this.after = after;
    this.awaits = awaits;
  }
}

export interface NewJob<A extends object = object> {
  kind: string;
  /** Jobs of one key never run at the same time, but one after the other as they were added. */
  key: string;
  about: A;
  /** What it is part of, such as `execution:12`. */
  group?: string;
  /** How often it may be tried; absent and 0 are without end. */
  most?: number;
}

/** Work that outlives a request: persisted before it is acknowledged, run at least once, gone on with after a restart. */
export interface Jobs {
  /** Declares what runs the jobs of a kind. Before `start`. */
  define<A extends object>(kind: string, work: JobKind<A>): void;
  /** On disk when it resolves. One that waits already with the same kind, key, group and `about` is that one. Throws `UNSUPPORTED` for a kind not defined. */
  add(job: NewJob): Promise<JobDocument>;
  /** Takes up what an earlier process left, and begins. */
  start(): Promise<void>;
  /** Ends a job that is not over as stopped; resolves when it is. Throws `NOT_FOUND`. */
  stop(id: number): Promise<void>;
  stopGroup(group: string): Promise<void>;
  /** Makes one run again at once that failed, was stopped or waits. Throws `NOT_FOUND`, and `PRECONDITION` while it runs or after success. */
  retry(id: number): Promise<void>;
  /** Removes one that is over, with its log. Throws `NOT_FOUND`, `PRECONDITION`. */
  remove(id: number): Promise<void>;
  /** Makes those due at once that wait for this, or all that wait to try again: the network is back, the machine woke up. */
  wake(awaits?: string): void;
  /** What jobs wait for now: `registry:3`. */
  awaited(): Promise<string[]>;
  /** Begins no more jobs of a kind, and lets the running ones go back to waiting. Kept over restarts. */
  pause(kind: string, paused: boolean): Promise<void>;
  isPaused(kind: string): boolean;
  /** A job as it stands, with the progress of this moment. */
  find(id: number): Promise<JobDocument | undefined>;
  /** Its log from that byte on, one mebibyte at most. */
  log(id: number, from?: number): Promise<string>;
  /** Repeats something by a cron pattern in UTC; of the times that passed while the registry was off, one is made up for. Throws `BAD_REQUEST`. */
  schedule(name: string, cron: string, work: () => Promise<void>): Promise<void>;
  unschedule(name: string): Promise<void>;
  /** When it comes next. */
  next(name: string): Date | undefined;
  /** Begins nothing more; what runs is told to end, and goes on after the next start. */
  close(): Promise<void>;
}
