import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { created, nothing, one, page } from "./reply.ts";

export const ReplicationStatus = z.enum(["Pending", "InProgress", "Succeed", "Failed", "Stopped"]);
export type ReplicationStatus = z.output<typeof ReplicationStatus>;

const Counts = z.object({
  /** Of jobs, one for each repository. */
  total: z.number(),
  succeed: z.number(),
  failed: z.number(),
  in_progress: z.number(),
  stopped: z.number(),
});

export const Execution = Counts.extend({
  id: z.number(),
  policy_id: z.number(),
  status: ReplicationStatus,
  /** Why it failed, or what there is to say; empty when nothing. */
  status_text: z.string(),
  trigger: z.enum(["manual", "scheduled", "event_based"]),
  start_time: z.string(),
  end_time: z.string().optional(),
  /** Bytes that were sent or fetched, over all its jobs. Berth's own. */
  bytes: z.number(),
});
export type Execution = z.output<typeof Execution>;

export const ReplicationTask = z.object({
  id: z.number(),
  execution_id: z.number(),
  policy_id: z.number(),
  job_id: z.string(),
  operation: z.enum(["copy", "deletion"]),
  resource_type: z.string(),
  /** With host where it is not here: `library/app:[1.0,2.0]`. */
  src_resource: z.string(),
  dst_resource: z.string(),
  status: ReplicationStatus,
  start_time: z.string(),
  end_time: z.string().optional(),
  /** Everything below is Berth's own. */
  attempts: z.number(),
  /** While it waits to try again. */
  retry_at: z.string().optional(),
  /** Why it failed, or tries again. */
  reason: z.string().optional(),
  progress: z.object({
    /** What it is to copy, as far as it knows. */
    total_bytes: z.number(),
    /** Of these, what the other side has by now: sent, mounted or there before. */
    done_bytes: z.number(),
    sent_bytes: z.number(),
    total_items: z.number(),
    /** Manifests that the other side has by now. */
    done_items: z.number(),
  }),
  /** The tags and digests it is about, as far as they were chosen. */
  references: z.array(z.string()),
});
export type ReplicationTask = z.output<typeof ReplicationTask>;

const Which = z.object({ id: z.coerce.number().int() });
const WhichTask = Which.extend({ task_id: z.coerce.number().int() });

/** Runs of rules: each has one job, Harbor's task, for every repository. */
export const executions = {
  list: operation({
    rest: "GET /replication/executions",
    access: "admin",
    says: "Lists runs, newest first.",
    input: Paging.extend({
      policy_id: z.coerce.number().int().optional(),
      status: ReplicationStatus.optional(),
      trigger: z.enum(["manual", "scheduled", "event_based"]).optional(),
    }),
    returns: page(Execution),
  }),
  start: operation({
    rest: "POST /replication/executions",
    access: "admin",
    says: "Runs an enabled rule now.",
    input: z.object({ policy_id: z.number().int() }),
    returns: created,
    records: ["create", "replication_execution"],
  }),
  get: operation({
    rest: "GET /replication/executions/{id}",
    access: "admin",
    says: "Reads one run.",
    input: Which,
    returns: one(Execution),
  }),
  stop: operation({
    rest: "PUT /replication/executions/{id}",
    access: "admin",
    says: "Stops a run; what is copied stays.",
    input: Which,
    returns: nothing,
    records: ["stop", "replication_execution"],
  }),
  retry: operation({
    rest: "POST /replication/executions/{id}/retry",
    access: "admin",
    says: "Runs those of its jobs again that failed or were stopped.",
    input: Which,
    returns: nothing,
    records: ["update", "replication_execution"],
  }),
};

export const tasks = {
  list: operation({
    rest: "GET /replication/executions/{id}/tasks",
    access: "admin",
    says: "Lists a run's jobs.",
    input: Paging.merge(Which).extend({
      status: ReplicationStatus.optional(),
      resource_type: z.string().max(50).optional(),
    }),
    returns: page(ReplicationTask),
  }),
  ofPolicy: operation({
    rest: "GET /replication/policies/{id}/tasks",
    access: "admin",
    says: "Lists a rule's jobs over all its runs, newest first; repository finds a part of a name.",
    input: Paging.merge(Which).extend({
      status: ReplicationStatus.optional(),
      repository: z.string().max(255).optional(),
      from_time: z.iso.datetime({ offset: true }).optional(),
      to_time: z.iso.datetime({ offset: true }).optional(),
    }),
    returns: page(ReplicationTask),
  }),
  get: operation({
    rest: "GET /replication/executions/{id}/tasks/{task_id}",
    access: "admin",
    says: "Reads one job.",
    input: WhichTask,
    returns: one(ReplicationTask),
  }),
  log: operation({
    rest: "GET /replication/executions/{id}/tasks/{task_id}/log",
    access: "admin",
    says: "Reads a job's log.",
    input: WhichTask,
    returns: { kind: "text" } as const,
  }),
  stop: operation({
    rest: "PUT /replication/executions/{id}/tasks/{task_id}",
    access: "admin",
    says: "Stops one job.",
    input: WhichTask,
    returns: nothing,
    records: ["stop", "replication_task"],
  }),
  retry: operation({
    rest: "POST /replication/executions/{id}/tasks/{task_id}/retry",
    access: "admin",
    says: "Runs one job again that failed, was stopped, or waits to try again.",
    input: WhichTask,
    returns: nothing,
    records: ["update", "replication_task"],
  }),
  remove: operation({
    rest: "DELETE /replication/executions/{id}/tasks/{task_id}",
    access: "admin",
    says: "Deletes a job that is over, with its log.",
    input: WhichTask,
    returns: nothing,
    records: ["delete", "replication_task"],
  }),
};
