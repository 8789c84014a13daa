import type { JobKind } from "../jobs/job.ts";
import type { Collections, ExecutionDocument, JobDocument } from "../store/collections.ts";
import type { Announcer } from "./announcer.ts";
import type { Chooser } from "./choosing.ts";
import { groupOf, listingOf, type About, type Runs } from "./runs.ts";
import { withWaiting } from "./waiting.ts";

type Listing = Pick<About, "policy_id" | "execution_id">;

interface Deps {
  collections: Pick<Collections, "policies" | "executions" | "jobs">;
  chooser: Chooser;
  runs: Runs;
  announcer: Announcer;
}

/**
 * The first part of a run: finds out what there is to copy, and makes a job of each repository. It is a job itself, so that
 * it is tried again and goes on after a restart.
 */
export function createListing({ collections, chooser, runs, announcer }: Deps): JobKind<Listing> {
  const { policies, executions, jobs } = collections;

  /** What did not get that far by itself ends the run. */
  async function settle(job: JobDocument): Promise<void> {
    const { execution_id } = job.about as unknown as Listing;
    const execution = await executions.get(String(execution_id));
    if (job.status === "error" && execution?.status === "running")
      await runs.end(execution_id, "error", job.reason ?? "");
  }

  return {
    atOnce: () => 3,

    async run({ about, signal, log }) {
      const execution = await executions.get(String(about.execution_id));
      const policy = await policies.get(String(about.policy_id));
      if (execution?.status !== "running" || !policy) return;
      const { works, problems } = await withWaiting(policy, () => chooser.everything(policy, signal));
      log("info", `${works.length} repositories to copy`);
      for (const problem of problems) log("error", problem);
      // An earlier attempt may have come this far.
      const made = await jobs.list({ where: { group: groupOf(execution.id) } });
      const known = new Set(made.map((job) => (job.about as unknown as About).source));
      for (const work of works) {
        signal.throwIfAborted();
        if (!known.has(work.source)) await runs.add(policy, execution.id, work);
      }
      if (problems.length > 0) await runs.end(execution.id, "error", problems.slice(0, 10).join("; "));
      else
        await runs.end(
          execution.id,
          "listed",
          works.length === 0 ? "no resources need to be replicated" : "",
        );
    },

    changed(job) {
      const { policy_id, execution_id } = job.about as unknown as Listing;
      announcer.execution(policy_id, execution_id);
      // What is lost here is made good at the next start.
      if (job.status === "error") void settle(job).catch(() => undefined);
    },
  };
}

/** Takes up runs whose listing a crash cut off before it was a job, or after it was over. */
export async function takeUpListings({
  collections,
  runs,
}: Pick<Deps, "collections" | "runs">): Promise<void> {
  const { policies, executions, jobs } = collections;
  for (const { id, policy_id, trigger } of await executions.list({
    where: { status: "running" },
    sort: ["id"],
  })) {
    const [found] = await jobs.list({ where: { group: listingOf(id) }, sort: ["-id"], limit: 1 });
    const policy = await policies.get(String(policy_id));
    if (found?.status === "pending" || found?.status === "running") continue;
    // A run for what happened has no listing: what did not become a job is found by when it was pushed.
    if (!found && trigger !== "event_based" && policy) await runs.list(policy, id);
    else await runs.end(id, endOf(found), found?.reason ?? "");
  }
}

function endOf(listing: JobDocument | undefined): ExecutionDocument["status"] {
  if (listing?.status === "error" || listing?.status === "stopped") return listing.status;
  return "listed";
}
