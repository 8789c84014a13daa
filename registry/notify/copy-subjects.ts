import type { Collections } from "../store/collections.ts";
import type { Values } from "./subject.ts";

type Deps = Pick<Collections, "registries" | "policies" | "executions">;

/** Names what replication's operations are about: endpoints, rules, runs of a rule. `undefined` for other kinds of things. */
export function createCopySubjects({ registries, policies, executions }: Deps) {
  async function ruleOf(id: unknown): Promise<string> {
    return (await policies.get(String(id)))?.name ?? `rule ${String(id)}`;
  }

  async function runOf({ id, policy_id }: Values): Promise<string> {
    if (policy_id !== undefined) return ruleOf(policy_id);
    const run = await executions.get(String(id));
    return run ? `${await ruleOf(run.policy_id)}, run ${run.id}` : `run ${String(id)}`;
  }

  return async function copySubjectOf(kind: string, values: Values): Promise<string | undefined> {
    const { id, name, task_id } = values;
    const isNew = id === undefined && typeof name === "string";
    if (kind === "registry")
      return isNew ? name : ((await registries.get(String(id)))?.name ?? `endpoint ${String(id)}`);
    if (kind === "replication_policy") return isNew ? name : ruleOf(id);
    if (kind === "replication_execution") return runOf(values);
    if (kind === "replication_task") return `${await runOf(values)}, job ${String(task_id)}`;
    if (kind === "replication") return values.paused === true ? "paused" : "resumed";
    return undefined;
  };
}
