import type { AuditEntry } from "../../registry/contract/audit.ts";
import { toLine } from "../../registry/notify/audit-lines.ts";

/** A line of the log as it would have been written at that time. */
export function lineOf(entry: Partial<AuditEntry> & { op_time: string }): string {
  const { op_time, id = Date.parse(op_time) * 1000, project_id, ...rest } = entry;
  return toLine(
    {
      op_time,
      ...(project_id === undefined ? {} : { project_id }),
      username: "admin",
      operation: "pull",
      resource_type: "artifact",
      resource: "library/app:1",
      operation_description: "",
      operation_result: true,
      from: "127.0.0.1",
      ...rest,
    },
    id,
  );
}
