import { defineStore } from "pinia";
import type { ReplicationStatus, ReplicationTask } from "../../registry/contract/executions.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";
import { createReading } from "./reading.ts";

export type Job = ReplicationTask;
export interface JobsQuery {
  rule: number;
  /** Absent for the jobs of all runs. */
  run?: number;
  status?: ReplicationStatus;
  /** A part of a repository's name. */
  repository?: string;
  page: number;
  page_size: number;
}

/** A job by its run and its number. */
export interface JobName {
  run: number;
  job: number;
}

/** The jobs of a rule or of one of its runs, and the log of the one that is looked into. */
export const useJobs = defineStore("jobs", () => {
  const client = useClient();
  const listing = createListing(({ rule, run, repository, ...query }: JobsQuery) => {
    if (run !== undefined) return client.tasks.list({ ...query, id: run });
    return client.tasks.ofPolicy({ ...query, id: rule, ...(repository !== undefined && { repository }) });
  });
  const { value: opened, ...reading } = createReading(async ({ run, job }: JobName) => {
    const which = { id: run, task_id: job };
    // The log after the job: what it says at its end is then in it.
    const told = await client.tasks.get(which);
    return { job: told, log: await client.tasks.log(which) };
  });

  const events = useEvents();
  events.follow(
    ({ name }) => name === "task.changed" || name === "execution.changed",
    () => void listing.refresh(),
  );
  events.follow(
    ({ name, task_id }) => name === "task.changed" && task_id === opened.value?.job.id,
    () => void reading.refresh(),
  );

  const nameOf = ({ execution_id, id }: Job) => ({ id: execution_id, task_id: id });

  async function stop(job: Job): Promise<void> {
    await client.tasks.stop(nameOf(job));
    await listing.refresh();
  }

  async function retry(job: Job): Promise<void> {
    await client.tasks.retry(nameOf(job));
    await listing.refresh();
  }

  async function remove(job: Job): Promise<void> {
    await client.tasks.remove(nameOf(job));
    await listing.refresh();
  }

  return {
    ...listing,
    opened,
    logFault: reading.fault,
    openLog: reading.open,
    refreshLog: reading.refresh,
    closeLog: reading.leave,
    stop,
    retry,
    remove,
  };
});

/** Whether nothing will happen to it any more by itself. */
export function isOver({ status }: Pick<Job, "status">): boolean {
  return status === "Succeed" || status === "Failed" || status === "Stopped";
}
