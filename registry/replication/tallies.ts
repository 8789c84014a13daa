import type { Execution, ReplicationStatus } from "../contract/executions.ts";
import type { Collections, ExecutionDocument, JobDocument } from "../store/collections.ts";
import { groupOf } from "./runs.ts";

/** Stored runs as the API shows them, with what their jobs come to. Harbor: replication 6.3. */
export function createTallies({ jobs }: Pick<Collections, "jobs">) {
  async function toExecution(execution: ExecutionDocument): Promise<Execution> {
    const { id, policy_id, status_text, trigger, start_time } = execution;
    const held = await jobs.list({ where: { group: groupOf(id) } });
    const counted = (...statuses: JobDocument["status"][]): number =>
      held.filter(({ status }) => statuses.includes(status)).length;
    const counts = {
      total: held.length,
      succeed: counted("success"),
      failed: counted("error"),
      in_progress: counted("pending", "running"),
      stopped: counted("stopped"),
    };
    const status = statusOf(execution, counts);
    const ends = held.flatMap(({ end_time }) => end_time ?? []);
    const end_time = [execution.end_time ?? start_time, ...ends].sort().at(-1);
    const bytes = held.reduce((sum, { progress }) => sum + (progress.sent_bytes ?? 0), 0);
    const why = held.find((job) => job.status === "error")?.reason ?? "";
    return {
      id,
      policy_id,
      status,
      status_text: status_text || (status === "Failed" ? why : ""),
      trigger,
      start_time,
      ...(status === "InProgress" || end_time === undefined ? {} : { end_time }),
      bytes,
      ...counts,
    };
  }

  return {
    toExecution,
    isOver: async (execution: ExecutionDocument) => (await toExecution(execution)).status !== "InProgress",
  };
}

export type Tallies = ReturnType<typeof createTallies>;

function statusOf(
  { status }: ExecutionDocument,
  { failed, in_progress, stopped }: Pick<Execution, "failed" | "in_progress" | "stopped">,
): ReplicationStatus {
  if (status === "running" || in_progress > 0) return "InProgress";
  if (status === "error" || failed > 0) return "Failed";
  return status === "stopped" || stopped > 0 ? "Stopped" : "Succeed";
}
