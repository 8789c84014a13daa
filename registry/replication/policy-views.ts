import type { Execution } from "../contract/executions.ts";
import type { ReplicationPolicy } from "../contract/replication.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections, JobDocument, PolicyDocument } from "../store/collections.ts";
import { copyKind, listingKind, type About } from "./runs.ts";
import type { Tallies } from "./tallies.ts";
import { isRetrying } from "./tasks.ts";

interface Deps {
  collections: Pick<Collections, "registries" | "projects" | "executions" | "jobs">;
  jobs: Pick<Jobs, "next">;
  tallies: Tallies;
}

/** Jobs that are not over, by rule. */
export type Unfinished = ReadonlyMap<number, readonly JobDocument[]>;

export const scheduleOf = (policy_id: number): string => `replication:${policy_id}`;

/** Stored rules as the API shows them, with how they stand. */
export function createPolicyViews({ collections, jobs, tallies }: Deps) {
  const { registries, projects, executions } = collections;

  async function sideOf(id: number): Promise<Required<ReplicationPolicy["src_registry"]>> {
    const found = id === 0 ? undefined : await registries.get(String(id));
    return found ? { id, name: found.name, type: found.type } : { id, name: "Local", type: "berth" };
  }

  async function lastOf(policy_id: number): Promise<Execution | undefined> {
    const [last] = await executions.list({ where: { policy_id }, sort: ["-id"], limit: 1 });
    return last && tallies.toExecution(last);
  }

  /** One look at the jobs for all rules that are shown. */
  async function unfinished(): Promise<Unfinished> {
    const open = await collections.jobs.list({ where: { status: { in: ["pending", "running"] } } });
    const byRule = new Map<number, JobDocument[]>();
    for (const job of open) {
      if (job.kind !== copyKind && job.kind !== listingKind) continue;
      const { policy_id } = job.about as unknown as About;
      byRule.set(policy_id, [...(byRule.get(policy_id) ?? []), job]);
    }
    return byRule;
  }

  async function toPolicy(policy: PolicyDocument, open: Unfinished): Promise<ReplicationPolicy> {
    const { id, src_registry_id, dest_registry_id, project_id, trigger, cron, heard: _, ...shown } = policy;
    const project = project_id === undefined ? undefined : await projects.get(String(project_id));
    const active = open.get(id) ?? [];
    const last_execution = await lastOf(id);
    const next = policy.enabled && trigger === "scheduled" ? jobs.next(scheduleOf(id)) : undefined;
    return {
      id,
      ...shown,
      src_registry: await sideOf(src_registry_id),
      dest_registry: await sideOf(dest_registry_id),
      ...(project ? { project_name: project.name } : {}),
      trigger: { type: trigger, ...(cron === undefined ? {} : { trigger_settings: { cron } }) },
      replicate_deletion: policy.deletion,
      state: stateOf(policy, active, last_execution),
      active_jobs: active.filter(({ kind }) => kind === copyKind).length,
      ...(last_execution ? { last_execution } : {}),
      ...(next ? { next_time: next.toISOString() } : {}),
    };
  }

  return { unfinished, toPolicy };
}

function stateOf(
  { enabled }: PolicyDocument,
  active: readonly JobDocument[],
  last: Execution | undefined,
): ReplicationPolicy["state"] {
  if (!enabled) return "disabled";
  if (active.length > 0) {
    const isCopying = active.some((job) => job.status === "running") || !active.some(isRetrying);
    return isCopying ? "running" : "retrying";
  }
  return last?.status === "Failed" ? "failing" : "idle";
}
