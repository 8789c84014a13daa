import { setTimeout as wait } from "node:timers/promises";

/** Why an attempt is to end before it is done. */
export type Ending = "stopped" | "interrupted" | "late";

/** One run of a job, as those see it who may end it. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly ending: Ending | undefined;
  /** Milliseconds since 1970 after which it is late; `Infinity` is never. */
  readonly deadline: number;
  /** Tells the work to end. Who stops it has the last word. */
  end(why: Ending): void;
  /** Resolves when it has ended, and how is on disk. */
  done: Promise<void>;
}

const reasons: Record<Ending, string> = {
  stopped: "the job was stopped",
  interrupted: "the job goes on later",
  late: "the job took too long",
};

export function createAttempt(deadline: number): Attempt {
  const controller = new AbortController();
  let ending: Ending | undefined;

  return {
    signal: controller.signal,
    get ending() {
      return ending;
    },
    deadline,
    done: Promise.resolve(),

    end(why) {
      if (ending === undefined || why === "stopped") ending = why;
      controller.abort(new Error(reasons[why]));
    },
  };
}

/** Milliseconds that work may take to end when it is told to, before it is no longer waited for. */
export const patience = 5000;

/** Waits for the work, but no longer than so many milliseconds. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = wait(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  timer.abort();
}
