import { toFault } from "../contract/fault.ts";
import type { JobDocument } from "../store/collections.ts";
import type { Ending } from "./attempt.ts";
import { waitAfter } from "./back-off.ts";
import { Again } from "./job.ts";

/** What an attempt's end changes about its job. */
export type Outcome = Partial<JobDocument> & Pick<JobDocument, "status">;

interface Ended {
  /** As it was in the attempt. */
  document: JobDocument;
  now: Date;
  random: () => number;
}

/** What changes when an attempt begins. */
export function begun({ attempts }: JobDocument, now: Date): Outcome {
  const gone = { awaits: undefined, reason: undefined, end_time: undefined };
  return { status: "running", attempts: attempts + 1, start_time: now.toISOString(), ...gone };
}

/** There is nothing left to go on from. */
export const succeeded = (now: Date): Outcome => ({ ...over("success", now), kept: {} });
export const stopped = (now: Date): Outcome => over("stopped", now);

/** What the work threw by itself. */
export function failed(error: unknown, { document, now, random }: Ended): Outcome {
  if (!(error instanceof Again)) {
    return { ...over("error", now), reason: toFault(error).message };
  }
  const { attempts, most } = document;
  const reason = error.message;
  if (most > 0 && attempts >= most) return { ...over("error", now), reason };
  const wait = waitAfter({ attempts, after: error.after, random });
  return { status: "pending", due: later(now, wait), awaits: error.awaits, reason };
}

/** What it was told, whatever it then did: nobody knows whether it got to the end. */
export function ended(why: Ending, about: Ended & { deadline: number }): Outcome {
  const { document, now, deadline } = about;
  switch (why) {
    case "stopped":
      return stopped(now);
    case "interrupted":
      // It did not fail, so this does not count as an attempt.
      return { status: "pending", due: now.toISOString(), attempts: document.attempts - 1 };
    case "late":
      return failed(new Again(`it took longer than ${inWords(deadline)}`), about);
  }
}

/** The disk did not take that it began. */
export function notBegun(error: unknown, { document, now, random }: Ended): Outcome {
  const due = later(now, waitAfter({ attempts: 1, after: undefined, random }));
  const attempts = document.attempts - 1;
  return { status: "pending", due, attempts, start_time: undefined, reason: toFault(error).message };
}

export const isOver = ({ status }: Pick<JobDocument, "status">): boolean =>
  status !== "pending" && status !== "running";

/** The line of the job's log that tells it. */
export function wordsOf({ status, reason, due }: Outcome): ["info" | "warn" | "error", string] {
  if (status === "error") return ["error", reason ?? ""];
  if (status !== "pending") return ["info", status === "success" ? "done" : "stopped"];
  if (reason === undefined) return ["info", "interrupted; it goes on later"];
  return ["warn", `${reason}; it is tried again at ${due}`];
}

const over = (status: JobDocument["status"], now: Date) => ({ status, end_time: now.toISOString() });

const later = (now: Date, milliseconds: number): string =>
  new Date(now.getTime() + milliseconds).toISOString();

function inWords(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  return minutes >= 2 ? `${Math.round(minutes)} minutes` : `${Math.round(milliseconds / 1000)} seconds`;
}
