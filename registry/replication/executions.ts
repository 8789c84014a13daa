import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { executions as operations } from "../contract/executions.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections, ExecutionDocument, JobDocument, PolicyDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { groupOf, listingOf, ruleLock, type Runs } from "./runs.ts";
import type { Tallies } from "./tallies.ts";

interface Deps {
  collections: Pick<Collections, "policies" | "executions" | "jobs">;
  jobs: Jobs;
  runs: Runs;
  tallies: Tallies;
  locks: Locks;
}

export interface Executions extends Handlers<typeof operations, Caller> {
  locate(id: number): Promise<ExecutionDocument>;
  /** The rule of a run, which must be on for its jobs to go on. Throws `NOT_FOUND`, `PRECONDITION`. */
  locateRule(policy_id: number): Promise<PolicyDocument>;
}

/** Runs of rules, as people begin, watch and end them. Harbor API 11. */
export function createExecutions({ collections, jobs, runs, tallies, locks }: Deps): Executions {
  const { policies, executions } = collections;

  async function locate(id: number): Promise<ExecutionDocument> {
    const found = await executions.get(String(id));
    if (!found) throw new Fault("NOT_FOUND", `there is no run ${id}`);
    return found;
  }

  async function locateRule(policy_id: number): Promise<PolicyDocument> {
    const found = await policies.get(String(policy_id));
    if (!found) throw new Fault("NOT_FOUND", `there is no rule ${policy_id}`);
    if (!found.enabled) throw new Fault("PRECONDITION", `rule ${found.name} is disabled: enable it first`);
    return found;
  }

  async function failedOf(group: string): Promise<JobDocument[]> {
    return collections.jobs.list({ where: { group, status: { in: ["error", "stopped"] } }, sort: ["id"] });
  }

  return {
    locate,
    locateRule,

    async list({ policy_id, status, trigger, page, page_size }) {
      const where = {
        ...(policy_id === undefined ? {} : { policy_id }),
        ...(trigger === undefined ? {} : { trigger }),
      };
      const [skip, limit] = [(page - 1) * page_size, page_size];
      if (status === undefined) {
        const found = await executions.list({ where, sort: ["-id"], skip, limit });
        return {
          items: await Promise.all(found.map(tallies.toExecution)),
          total: await executions.count(where),
        };
      }
      // A status follows from the jobs, so all have to be looked at: a rule keeps but fifty.
      const found = await executions.list({ where, sort: ["-id"] });
      const all = await Promise.all(found.map(tallies.toExecution));
      const items = all.filter((execution) => execution.status === status);
      return { items: items.slice(skip, skip + limit), total: items.length };
    },

    start: ({ policy_id }) =>
      locks.lock(ruleLock(policy_id), async () => ({
        id: await runs.begin(await locateRule(policy_id), "manual"),
      })),

    get: async ({ id }) => tallies.toExecution(await locate(id)),

    async stop({ id }) {
      await runs.stop(await locate(id));
    },

    async retry({ id }) {
      const { policy_id } = await locate(id);
      await locks.lock(ruleLock(policy_id), async () => {
        const policy = await locateRule(policy_id);
        const execution = await locate(id);
        const listings = await failedOf(listingOf(id));
        const failed = await failedOf(groupOf(id));
        const isCut = execution.status === "stopped" || execution.status === "error";
        if (failed.length === 0 && !isCut)
          throw new Fault("PRECONDITION", `nothing of run ${id} failed or was stopped`);
        if (isCut) {
          await executions.update(String(id), { status: "running", status_text: "", end_time: undefined });
          for (const listing of listings) await jobs.retry(listing.id);
          if (listings.length === 0) await runs.list(policy, id);
        }
        for (const job of failed) await jobs.retry(job.id);
      });
    },
  };
}
