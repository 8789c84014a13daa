import type { LogLine } from "../config.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections, ExecutionDocument, PolicyDocument } from "../store/collections.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Announcer } from "./announcer.ts";

/** What a job of kind `replication` is about: one repository, or of it the tags and digests that are named. */
export interface About {
  policy_id: number;
  execution_id: number;
  operation: "copy" | "deletion";
  source: string;
  destination: string;
  /** Absent where the registry is this one. */
  source_host?: string;
  destination_host?: string;
  references?: string[];
  /** Whether the project is open to everybody on the other side, when that is the source. */
  public?: boolean;
}

/** What a job is to do, before it is part of a run. */
export type Work = Omit<About, "policy_id" | "execution_id">;

type Trigger = ExecutionDocument["trigger"];

export interface Runs {
  /** Begins a run over everything that the rule chooses. The caller holds the rule's lock. */
  begin(policy: PolicyDocument, trigger: Trigger): Promise<number>;
  /** Begins a run that does just this, for something that happened. The caller holds the rule's lock. */
  follow(policy: PolicyDocument, works: readonly Work[]): Promise<void>;
  add(policy: PolicyDocument, execution_id: number, work: Work): Promise<void>;
  /** What a run came to, by itself: its jobs are counted apart. */
  end(id: number, status: ExecutionDocument["status"], status_text: string): Promise<void>;
  /** Makes the listing of a run begin, or begin anew. */
  list(policy: PolicyDocument, id: number): Promise<void>;
  stop(execution: ExecutionDocument): Promise<void>;
  /** Stops all that a rule has begun. */
  stopAll(policy_id: number): Promise<void>;
  isActive(policy_id: number): Promise<boolean>;
  /** Removes the runs of a rule, with their jobs. */
  removeAll(policy_id: number): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "executions" | "jobs">;
  jobs: Jobs;
  sequence: Sequence;
  announcer: Announcer;
  isOver(execution: ExecutionDocument): Promise<boolean>;
  now: () => Date;
  log: (line: LogLine) => void;
}

/** Runs of a rule that are kept. Harbor: replication 6.6. */
const kept = 50;

export const copyKind = "replication";
export const listingKind = "replication-listing";
export const groupOf = (execution_id: number): string => `execution:${execution_id}`;
export const listingOf = (execution_id: number): string => `listing:${execution_id}`;
/** One repository of a rule is copied and deleted in the order in which things happened. */
export const keyOf = (policy_id: number, repository: string): string =>
  `replication:${policy_id}:${repository}`;

/** Held while a rule is changed or something is begun for it, so that what was switched off begins nothing. */
export const ruleLock = (policy_id: number): string => `rule:${policy_id}`;

/** Attempts that a job of the rule may have. */
const mostOf = ({ retry_limit }: PolicyDocument): number => (retry_limit === 0 ? 0 : retry_limit + 1);

export function createRuns({ collections, jobs, sequence, announcer, isOver, now, log }: Deps): Runs {
  const { executions } = collections;

  const ofPolicy = (policy_id: number): Promise<ExecutionDocument[]> =>
    executions.list({ where: { policy_id }, sort: ["-id"] });

  async function insert(policy_id: number, trigger: Trigger): Promise<number> {
    const id = await sequence.next("executions");
    const start_time = now().toISOString();
    await executions.insert({ id, policy_id, trigger, status: "running", status_text: "", start_time });
    return id;
  }

  async function sweep(policy_id: number): Promise<void> {
    try {
      for (const execution of (await ofPolicy(policy_id)).slice(kept)) {
        if (await isOver(execution)) await remove(execution);
      }
    } catch (error) {
      log({ level: "warn", message: "old runs are not removed", policy_id, reason: String(error) });
    }
  }

  /** Its jobs first: a run that is still there is found again. */
  async function remove({ id }: ExecutionDocument): Promise<void> {
    for (const group of [groupOf(id), listingOf(id)]) {
      for (const job of await collections.jobs.list({ where: { group } })) await jobs.remove(job.id);
    }
    await executions.remove(String(id));
  }

  async function list(policy: PolicyDocument, execution_id: number): Promise<void> {
    await jobs.add({
      kind: listingKind,
      key: `${listingKind}:${policy.id}`,
      group: listingOf(execution_id),
      about: { policy_id: policy.id, execution_id },
      most: mostOf(policy),
    });
  }

  async function add(policy: PolicyDocument, execution_id: number, work: Work): Promise<void> {
    const about: About = { policy_id: policy.id, execution_id, ...work };
    const key = keyOf(policy.id, work.source);
    await jobs.add({ kind: copyKind, key, group: groupOf(execution_id), about, most: mostOf(policy) });
  }

  async function end(id: number, status: ExecutionDocument["status"], status_text: string): Promise<void> {
    const before = await executions.get(String(id));
    if (!before) return;
    await executions.update(String(id), { status, status_text, end_time: now().toISOString() });
    announcer.execution(before.policy_id, id);
  }

  async function isActive(policy_id: number): Promise<boolean> {
    for (const execution of await ofPolicy(policy_id)) if (!(await isOver(execution))) return true;
    return false;
  }

  async function stop({ id, status }: ExecutionDocument): Promise<void> {
    // First: a listing that is told to end adds no more jobs, and its run must not be taken up at the next start.
    if (status === "running") await end(id, "stopped", "");
    await jobs.stopGroup(listingOf(id));
    await jobs.stopGroup(groupOf(id));
  }

  return {
    list,
    add,
    end,
    stop,
    isActive,

    async begin(policy, trigger) {
      const skipped = policy.single_active_replication && (await isActive(policy.id));
      const id = await insert(policy.id, trigger);
      if (skipped) await end(id, "error", "skipped because active");
      else await list(policy, id);
      announcer.execution(policy.id, id);
      await sweep(policy.id);
      return id;
    },

    async follow(policy, works) {
      const id = await insert(policy.id, "event_based");
      for (const work of works) await add(policy, id, work);
      await end(id, "listed", "");
      await sweep(policy.id);
    },

    async stopAll(policy_id) {
      for (const execution of await ofPolicy(policy_id)) await stop(execution);
    },

    async removeAll(policy_id) {
      for (const execution of await ofPolicy(policy_id)) await remove(execution);
    },
  };
}
