import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { ReplicationStatus, ReplicationTask, tasks as operations } from "../contract/executions.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections, JobDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Executions } from "./executions.ts";
import { groupOf, ruleLock, type About } from "./runs.ts";

interface Deps {
  collections: Pick<Collections, "policies" | "executions" | "jobs">;
  jobs: Jobs;
  executions: Pick<Executions, "locate" | "locateRule">;
  locks: Locks;
}

/** References that are shown of one job. */
const shown = 5;
/** Bytes of a log that are shown; who writes more than that has repeated itself. */
const longestLog = 16 * 2 ** 20;

/** The jobs of runs: each copies one repository. Harbor calls them tasks. */
export function createTasks({
  collections,
  jobs,
  executions,
  locks,
}: Deps): Handlers<typeof operations, Caller> {
  async function locate({ id, task_id }: { id: number; task_id: number }): Promise<JobDocument> {
    await executions.locate(id);
    const found = await jobs.find(task_id);
    if (found?.group !== groupOf(id)) throw new Fault("NOT_FOUND", `run ${id} has no job ${task_id}`);
    return found;
  }

  /** With the progress of this moment. */
  async function toTaskNow(job: JobDocument): Promise<ReplicationTask> {
    return toTask(job.status === "running" ? ((await jobs.find(job.id)) ?? job) : job);
  }

  async function pageOf(
    found: readonly JobDocument[],
    { page, page_size }: { page: number; page_size: number },
  ) {
    const items = found.slice((page - 1) * page_size, page * page_size);
    return { items: await Promise.all(items.map(toTaskNow)), total: found.length };
  }

  return {
    async list({ id, status, resource_type, page, page_size }) {
      await executions.locate(id);
      const all = await collections.jobs.list({ where: { group: groupOf(id) }, sort: ["id"] });
      const found = all.filter(
        (job) =>
          (status === undefined || statusOf(job) === status) &&
          (resource_type === undefined || resource_type === resourceType),
      );
      return pageOf(found, { page, page_size });
    },

    async ofPolicy({ id, status, repository, from_time, to_time, page, page_size }) {
      if (!(await collections.policies.get(String(id))))
        throw new Fault("NOT_FOUND", `there is no rule ${id}`);
      const runs = await collections.executions.list({ where: { policy_id: id } });
      const group = { in: runs.map((run) => groupOf(run.id)) };
      const all = await collections.jobs.list({ where: { group }, sort: ["-id"] });
      const [from, to] = [from_time, to_time].map((time) =>
        time === undefined ? undefined : Date.parse(time),
      );
      const found = all.filter((job) => {
        const { source, destination } = aboutOf(job);
        const time = Date.parse(job.start_time ?? job.creation_time);
        return (
          (status === undefined || statusOf(job) === status) &&
          (repository === undefined || [source, destination].some((name) => name.includes(repository))) &&
          (from === undefined || time >= from) &&
          (to === undefined || time <= to)
        );
      });
      return pageOf(found, { page, page_size });
    },

    get: async (which) => toTask(await locate(which)),

    async log(which) {
      const { id } = await locate(which);
      const pieces: string[] = [];
      for (let from = 0; from < longestLog;) {
        const piece = await jobs.log(id, from);
        if (piece === "") break;
        pieces.push(piece);
        from += Buffer.byteLength(piece);
      }
      return pieces.join("");
    },

    async stop(which) {
      await jobs.stop((await locate(which)).id);
    },

    async retry(which) {
      const { policy_id } = await executions.locate(which.id);
      await locks.lock(ruleLock(policy_id), async () => {
        await executions.locateRule(policy_id);
        await jobs.retry((await locate(which)).id);
      });
    },

    async remove(which) {
      await jobs.remove((await locate(which)).id);
    },
  };
}

/** Harbor has this one word for all that is in a registry. */
const resourceType = "image";

const aboutOf = (job: JobDocument): About => job.about as unknown as About;

/** One that an attempt has failed and that waits for the next is in progress; one that was only held back is not. */
export const isRetrying = ({ status, attempts, reason }: JobDocument): boolean =>
  status === "pending" && attempts > 0 && reason !== undefined;

function statusOf(job: JobDocument): ReplicationStatus {
  switch (job.status) {
    case "pending":
      return isRetrying(job) ? "InProgress" : "Pending";
    case "running":
      return "InProgress";
    case "success":
      return "Succeed";
    case "error":
      return "Failed";
    case "stopped":
      return "Stopped";
  }
}

function toTask(job: JobDocument): ReplicationTask {
  const { id, attempts, progress, creation_time, start_time, end_time, due, reason } = job;
  const { policy_id, execution_id, operation, source, destination, ...about } = aboutOf(job);
  const named = namedOf(about.references);
  return {
    id,
    execution_id,
    policy_id,
    job_id: String(id),
    operation,
    resource_type: resourceType,
    src_resource: `${about.source_host ? `${about.source_host}/` : ""}${source}${named}`,
    dst_resource: `${about.destination_host ? `${about.destination_host}/` : ""}${destination}${named}`,
    status: statusOf(job),
    start_time: start_time ?? creation_time,
    ...(end_time === undefined ? {} : { end_time }),
    attempts,
    ...(isRetrying(job) ? { retry_at: due } : {}),
    ...(reason === undefined ? {} : { reason }),
    progress: {
      total_bytes: progress.total_bytes ?? 0,
      done_bytes: progress.done_bytes ?? 0,
      sent_bytes: progress.sent_bytes ?? 0,
      total_items: progress.total_items ?? 0,
      done_items: progress.done_items ?? 0,
    },
    references: about.references ?? [],
  };
}

function namedOf(references: readonly string[] | undefined): string {
  if (references === undefined) return "";
  const more = references.length > shown ? ` … ${references.length} in all` : "";
  return `:[${references.slice(0, shown).join(",")}${more}]`;
}
