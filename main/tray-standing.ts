import type { Caller } from "../registry/access/caller.ts";
import { Fault } from "../registry/contract/fault.ts";
import type { tasks } from "../registry/contract/executions.ts";
import type { replication as operations, ReplicationPolicy } from "../registry/contract/replication.ts";
import type { Answer } from "../registry/contract/reply.ts";
import type { Registry } from "../registry/registry.ts";

type Rules = Answer<(typeof operations.list)["returns"]>;
type Overview = Answer<(typeof operations.overview)["returns"]>;
type Jobs = Answer<(typeof tasks.ofPolicy)["returns"]>;

/** A rule as the tray shows it. */
export interface TrayRule extends Pick<
  ReplicationPolicy,
  "id" | "name" | "enabled" | "state" | "active_jobs"
> {
  /** From where to where, in words. */
  path: string;
  /** The last run and what came of it, in words. */
  last: string;
  /** Why it failed or tries again. */
  reason?: string;
  /** The last job that failed. */
  failed?: { run: number; job: number };
}

/** How replication stands, from the first rules by name. */
export interface Standing extends Overview {
  rules: TrayRule[];
  /** Rules that are not among them. */
  further: number;
}

/** A menu that has more is no glance. */
const most = 15;

/** Reads how replication stands; `undefined` for whoever may not see it. */
export async function readStanding(registry: Registry, caller: Caller): Promise<Standing | undefined> {
  const ask = (name: string, input: object): Promise<unknown> => registry.call(name, input, caller);
  try {
    const overview = (await ask("replication.overview", {})) as Overview;
    const page = { page_size: most, sort: "name" };
    const { items, total } = (await ask("replication.list", page)) as Rules;
    const rules = await Promise.all(items.map(async (rule) => trayRuleOf(rule, await lastFailed(rule))));
    return { ...overview, rules, further: total - items.length };
  } catch (error) {
    if (error instanceof Fault && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }

  async function lastFailed({
    id,
    state,
    last_execution,
  }: ReplicationPolicy): Promise<Jobs["items"][0] | undefined> {
    if (state !== "failing" && last_execution?.status !== "Failed") return undefined;
    const found = (await ask("tasks.ofPolicy", { id, status: "Failed", page_size: 1 })) as Jobs;
    return found.items[0];
  }
}

function trayRuleOf(rule: ReplicationPolicy, failed: Jobs["items"][0] | undefined): TrayRule {
  const { id, name, enabled, state, active_jobs, last_execution } = rule;
  const reason = failed?.reason ?? last_execution?.status_text;
  return {
    ...{ id, name, enabled, state, active_jobs },
    path: `${sideOf(rule.src_registry)} → ${sideOf(rule.dest_registry)}`,
    last: lastOf(last_execution, reason),
    ...(reason ? { reason } : {}),
    ...(failed ? { failed: { run: failed.execution_id, job: failed.id } } : {}),
  };
}

function sideOf({ id, name }: ReplicationPolicy["src_registry"]): string {
  return id === 0 ? "this registry" : (name ?? `endpoint ${id}`);
}

const results = {
  Pending: "begins",
  InProgress: "under way",
  Succeed: "done",
  Failed: "failed",
  Stopped: "stopped",
};

function lastOf(run: ReplicationPolicy["last_execution"], reason: string | undefined): string {
  if (run === undefined) return "Has not run yet";
  const when = new Date(run.end_time ?? run.start_time);
  const time = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(when);
  const why = run.status === "Failed" && reason ? `: ${reason.slice(0, 80)}` : "";
  return `Last run: ${results[run.status]}, ${time}${why}`;
}
