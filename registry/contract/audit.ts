import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { ProjectRef } from "./projects.ts";
import { csv, one, page } from "./reply.ts";

/** One entry of the log: who did what to what, when, from where, and whether it was allowed. Harbor API 17. */
export const AuditEntry = z.object({
  /** Later entries have larger ones. */
  id: z.number(),
  /** `anonymous` for who was not signed in; of a failed sign-in, the name that was tried. */
  username: z.string(),
  /**
   * By kind: a project's name, `project/repository:tag`, `project/repository@sha256:…`, `project/member`, a user's name,
   * `robot$name`, the names of changed settings.
   */
  resource: z.string(),
  resource_type: z.string(),
  /** Harbor's word; a manifest that came by docker is a `push`. */
  operation: z.string(),
  /** What the rest does not say, such as a member's role; often empty. */
  operation_description: z.string(),
  /** False for what was refused. */
  operation_result: z.boolean(),
  /** RFC 3339 in UTC, with milliseconds. */
  op_time: z.string(),
  /** The address it came from, or `window`. Berth's own. */
  from: z.string(),
  project_id: z.number().optional(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: "a time is written as 2026-01-31T10:11:12Z, or a day as 2026-01-31",
});

/**
 * What may be filtered by, besides Harbor's `q`. A user and a resource are found by a part of their name, in either case;
 * both times, of which a day is meant whole and in UTC, belong to the range.
 */
const Filter = z.object({
  username: z.string().max(255).optional(),
  operation: z.string().max(50).optional(),
  resource: z.string().max(255).optional(),
  resource_type: z.string().max(50).optional(),
  from_time: Time.optional(),
  to_time: Time.optional(),
});

const Listing = Paging.extend(Filter.shape);
const OfProject = Listing.extend({ project_name_or_id: ProjectRef });

/**
 * The log is always told newest first, whatever `sort` says. A list's total is exact up to some 200,000 entries; beyond,
 * it is the number that has been seen, and larger than what the page and those before it hold as long as more follow.
 */
export const audit = {
  list: operation({
    rest: "GET /auditlog-exts",
    access: "account",
    says: "Lists the log, newest first: all of it for an administrator, one's own projects' for others.",
    input: Listing,
    returns: page(AuditEntry),
  }),
  listLegacy: operation({
    rest: "GET /audit-logs",
    access: "account",
    says: "The same by Harbor's older path.",
    input: Listing,
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
    access: "account",
    says: "The same entries as a table in CSV, the newest 100,000 at most.",
    input: Filter.extend({ q: Paging.shape.q, project_name_or_id: ProjectRef.optional() }),
    returns: csv,
  }),
  events: operation({
    rest: "GET /auditlog-exts/events",
    access: "admin",
    says: "Lists the kinds of entries there are, as operation_resource.",
    input: z.object({}),
    returns: one(z.array(z.object({ event_type: z.string() }))),
  }),
};
