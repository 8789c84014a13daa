import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { ProjectRef } from "./projects.ts";
import { page, text } from "./reply.ts";

/** One entry of the log: who did what to what, when, from where, and whether it was allowed. Harbor API 17. */
export const AuditEntry = z.object({
  id: z.number(),
  username: z.string(),
  resource: z.string(),
  resource_type: z.string(),
  operation: z.string(),
  operation_description: z.string(),
  operation_result: z.boolean(),
  op_time: z.string(),
  /** The address it came from, or `window`. Berth's own. */
  from: z.string(),
  project_id: z.number().optional(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

/** What may be filtered by, besides Harbor's `q`. Times are RFC 3339 and belong to the range. */
const Filter = z.object({
  username: z.string().max(255).optional(),
  operation: z.string().max(50).optional(),
  resource: z.string().max(255).optional(),
  resource_type: z.string().max(50).optional(),
  from_time: z.string().max(40).optional(),
  to_time: z.string().max(40).optional(),
});

const OfProject = Paging.extend(Filter.shape).extend({ project_name_or_id: ProjectRef });

export const audit = {
  list: operation({
    rest: "GET /auditlog-exts",
    access: "user",
    says: "Lists the log, newest first: all of it for an administrator, one's own projects' for others.",
    input: Paging.extend(Filter.shape),
    returns: page(AuditEntry),
  }),
  listLegacy: operation({
    rest: "GET /audit-logs",
    access: "user",
    says: "The same by Harbor's older path.",
    input: Paging.extend(Filter.shape),
    returns: page(AuditEntry),
  }),
  ofProject: operation({
    rest: "GET /projects/{project_name_or_id}/auditlog-exts",
    access: "log:list",
    says: "Lists a project's log, newest first.",
    input: OfProject,
    returns: page(AuditEntry),
  }),
  ofProjectLegacy: operation({
    rest: "GET /projects/{project_name_or_id}/logs",
    access: "log:list",
    says: "The same by Harbor's older path.",
    input: OfProject,
    returns: page(AuditEntry),
  }),
  export: operation({
    rest: "GET /auditlog-exts/export",
    access: "user",
    says: "The same entries as a table in CSV, at most 100,000.",
    input: Filter.extend({ project_name_or_id: ProjectRef.optional() }),
    returns: text,
  }),
};
