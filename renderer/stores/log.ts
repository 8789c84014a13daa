import { defineStore } from "pinia";
import type { audit } from "../../registry/contract/audit.ts";
import type { Input } from "../../registry/contract/operation.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

export type LogFilter = Omit<Input<typeof audit.export>, "q" | "project_name_or_id">;
export interface LogQuery {
  /** Absent for the whole log. */
  project?: string;
  filter: LogFilter;
  page: number;
  page_size: number;
}

/** The log that is open: a project's, or all of it. */
export const useLog = defineStore("log", () => {
  const client = useClient();
  let shown: LogQuery | undefined;
  const listing = createListing((query: LogQuery) => {
    shown = query;
    const { project, filter, ...page } = query;
    if (project === undefined) return client.audit.list({ ...filter, ...page });
    return client.audit.ofProject({ ...filter, ...page, project_name_or_id: project });
  });
  // Whatever happens is in the log, so it is read again after each event that it may hold; jobs that move on are not in it.
  useEvents().follow(
    (event) =>
      shown !== undefined &&
      event.name !== "task.changed" &&
      (shown.project === undefined || event.project_name === shown.project),
    () => void listing.refresh(),
  );

  /** All that the filter lets through, as CSV. */
  function table({ project, filter }: Pick<LogQuery, "project" | "filter">): Promise<string> {
    return client.audit.export({
      ...filter,
      ...(project === undefined ? {} : { project_name_or_id: project }),
    });
  }

  return { ...listing, table };
});
