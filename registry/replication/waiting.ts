import { Fault } from "../contract/fault.ts";
import { Again } from "../jobs/job.ts";
import { awaiting } from "./health.ts";

interface Ends {
  src_registry_id: number;
  dest_registry_id: number;
}

/**
 * Runs work between a rule's two ends. What fails for a while waits for the endpoint, unless that has said itself when to
 * come again.
 */
export async function withWaiting<T>(ends: Ends, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Again) || error.after !== undefined || error.awaits !== undefined) throw error;
    throw new Again(error.message, { awaits: awaiting(ends.src_registry_id || ends.dest_registry_id) });
  }
}

/** For who does not wait: what may pass is a fault now. */
export async function withoutWaiting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Again ? new Fault("SERVICE_UNAVAILABLE", error.message) : error;
  }
}
