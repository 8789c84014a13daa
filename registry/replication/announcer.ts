import type { RegistryEvent } from "../contract/event.ts";
import type { Events } from "../events.ts";
import type { JobDocument } from "../store/collections.ts";
import type { About } from "./runs.ts";

type Told = Pick<RegistryEvent, "name" | "policy_id" | "execution_id" | "task_id">;

export interface Announcer {
  policy(policy_id: number): void;
  execution(policy_id: number, execution_id: number): void;
  /** A job began, moved on, waits or is over; with it its run and its rule. */
  task(job: JobDocument): void;
  close(): void;
}

/** Milliseconds between two tellings of the same thing. */
const pace = 500;

/** Tells the window what to look at again: each thing at once, and then at most twice a second. */
export function createAnnouncer(events: Events): Announcer {
  const timers = new Map<string, NodeJS.Timeout>();
  const again = new Set<string>();
  /** How a job that is not over stood when it was last told of. */
  const stood = new Map<number, string>();

  function tell(event: Told): void {
    const key = `${event.name} ${event.policy_id} ${event.execution_id} ${event.task_id}`;
    if (timers.has(key)) {
      again.add(key);
      return;
    }
    events.emit(event);
    const timer = setTimeout(() => {
      timers.delete(key);
      if (again.delete(key)) tell(event);
    }, pace);
    timer.unref();
    timers.set(key, timer);
  }

  function execution(policy_id: number, execution_id: number): void {
    tell({ name: "execution.changed", policy_id, execution_id });
    tell({ name: "policy.changed", policy_id });
  }

  return {
    execution,
    policy: (policy_id) => tell({ name: "policy.changed", policy_id }),

    task(job) {
      const { policy_id, execution_id } = job.about as unknown as About;
      tell({ name: "task.changed", policy_id, execution_id, task_id: job.id });
      const stands = `${job.status} ${job.reason ?? ""}`;
      const moved = stood.get(job.id) === stands;
      if (job.end_time === undefined) stood.set(job.id, stands);
      else stood.delete(job.id);
      if (moved) tell({ name: "execution.changed", policy_id, execution_id });
      else execution(policy_id, execution_id);
    },

    close() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
