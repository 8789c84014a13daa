import { z } from "zod";
import { Execution } from "./executions.ts";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { created, nothing, one, page } from "./reply.ts";
import { ProjectName } from "./projects.ts";

/**
 * All filters of a rule must hold. `name` and `tag` are doublestar patterns; `label` and `platform` lists of names such as
 * `linux/arm64`. Platform is Berth's own.
 */
export const ReplicationFilter = z.object({
  type: z.enum(["name", "tag", "label", "resource", "platform"]),
  value: z.union([z.string().max(1000), z.array(z.string().max(255)).max(100)]),
  decoration: z.enum(["matches", "excludes"]).optional(),
});
export type ReplicationFilter = z.output<typeof ReplicationFilter>;

const Trigger = z.object({
  type: z.enum(["manual", "scheduled", "event_based"]),
  /** Six fields, seconds first and always 0, in UTC. */
  trigger_settings: z.object({ cron: z.string().max(100).optional() }).nullish(),
});

/** An endpoint by its id; absent, null or 0 is this registry. */
const Side = z.object({ id: z.number().int(), name: z.string().optional(), type: z.string().optional() });

const Draft = z.object({
  name: z.string().trim().min(1, "give the rule a name").max(256),
  description: z.string().max(1000).default(""),
  src_registry: Side.nullish(),
  dest_registry: Side.nullish(),
  /** The one project of this registry that the rule is for; absent for what the filters choose. Berth's own. */
  project_name: ProjectName.nullish(),
  dest_namespace: z.string().max(255).default(""),
  /** How many parts of the path the namespace stands for; -1 is all of them. */
  dest_namespace_replace_count: z.number().int().min(-1).max(20).default(1),
  trigger: Trigger.nullish(),
  filters: z.array(ReplicationFilter).max(20).nullish(),
  /** Deletions are replicated too; event based only. */
  deletion: z.boolean().optional(),
  replicate_deletion: z.boolean().optional(),
  /** A tag that names something else on the other side is replaced. */
  override: z.boolean().default(true),
  enabled: z.boolean().default(true),
  /** Kilobit a second for each job; -1 and 0 do not limit. */
  speed: z.number().int().min(-1).default(-1),
  copy_by_chunk: z.boolean().default(false),
  single_active_replication: z.boolean().default(false),
  /** How often network trouble is tried again; 0 is without end. Berth's own. */
  retry_limit: z.number().int().min(0).max(1000).default(0),
});

/** A rule. Harbor API 11; what it adds to Harbor's is said to be Berth's own. */
export const ReplicationPolicy = Draft.extend({
  id: z.number(),
  src_registry: Side.required(),
  dest_registry: Side.required(),
  project_name: z.string().optional(),
  trigger: Trigger,
  filters: z.array(ReplicationFilter),
  deletion: z.boolean(),
  replicate_deletion: z.boolean(),
  creation_time: z.string(),
  update_time: z.string(),
  /** How it stands: off; nothing to do; copying; trying again; the last run failed. Berth's own. */
  state: z.enum(["disabled", "idle", "running", "retrying", "failing"]),
  /** Jobs that are not over. Berth's own. */
  active_jobs: z.number(),
  /** Berth's own. */
  last_execution: Execution.optional(),
  /** When the schedule comes next. Berth's own. */
  next_time: z.string().optional(),
});
export type ReplicationPolicy = z.output<typeof ReplicationPolicy>;

const Which = z.object({ id: z.coerce.number().int() });

/** Rules for copying. Harbor API 11 with the user guide's guards on top. */
export const replication = {
  list: operation({
    rest: "GET /replication/policies",
    access: "admin",
    says: "Lists the rules: all, or those of one project.",
    input: Paging.extend({ name: z.string().max(255).optional(), project_name: ProjectName.optional() }),
    returns: page(ReplicationPolicy),
  }),
  create: operation({
    rest: "POST /replication/policies",
    access: "admin",
    says: "Makes a rule; one that is enabled and copies by event starts at once.",
    input: Draft,
    returns: created,
    records: ["create", "replication_policy"],
  }),
  get: operation({
    rest: "GET /replication/policies/{id}",
    access: "admin",
    says: "Reads one rule.",
    input: Which,
    returns: one(ReplicationPolicy),
  }),
  update: operation({
    rest: "PUT /replication/policies/{id}",
    access: "admin",
    says: "Changes a rule that is disabled, or only enables or disables it.",
    input: Draft.extend(Which.shape),
    returns: nothing,
    records: ["update", "replication_policy"],
  }),
  enable: operation({
    rest: "PUT /replication/policies/{id}/enablement",
    access: "admin",
    says: "Enables a rule, which starts it at once, or disables it, which stops its jobs.",
    input: Which.extend({
      enabled: z.union([z.boolean(), z.literal([0, 1]).transform((value) => value === 1)]),
    }),
    returns: nothing,
    records: ["update", "replication_policy"],
  }),
  remove: operation({
    rest: "DELETE /replication/policies/{id}",
    access: "admin",
    says: "Deletes a rule that is disabled and has no running jobs.",
    input: Which,
    returns: nothing,
    records: ["delete", "replication_policy"],
  }),
  preview: operation({
    rest: "POST /replication/policies/preview",
    access: "admin",
    says: "Tells what a rule would copy and where to, the first hundred repositories of it.",
    input: Draft.omit({ name: true }),
    returns: one(
      z.object({
        repositories: z.array(
          z.object({ source: z.string(), destination: z.string(), references: z.number() }),
        ),
        total: z.number(),
        /** Two sources that land in one place, and the like. */
        warnings: z.array(z.string()),
      }),
    ),
  }),
  overview: operation({
    rest: "GET /replication/overview",
    access: "admin",
    says: "Tells in one glance how replication stands.",
    input: z.object({}),
    returns: one(
      z.object({
        paused: z.boolean(),
        /** Jobs that copy now, and that wait to. */
        running: z.number(),
        waiting: z.number(),
        /** Rules whose last run failed. */
        failing: z.number(),
      }),
    ),
  }),
  pause: operation({
    rest: "PUT /replication/paused",
    access: "admin",
    says: "Holds all replication jobs, or lets them go on; a restart does not forget it.",
    input: z.object({ paused: z.boolean() }),
    returns: nothing,
    records: ["update", "replication"],
  }),
};
