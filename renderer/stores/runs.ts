import { defineStore } from "pinia";
import type { Input } from "../../registry/contract/operation.ts";
import type { Execution, executions as operations } from "../../registry/contract/executions.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";
import { createReading } from "./reading.ts";

/** The runs of the open rule, and the one that is looked into. */
export const useRuns = defineStore("runs", () => {
  const client = useClient();
  const listing = createListing((query: Input<typeof operations.list>) => client.executions.list(query));
  const { value: run, ...reading } = createReading((id: number) => client.executions.get({ id }));

  useEvents().follow(
    ({ name }) => name === "execution.changed" || name === "task.changed",
    () => void Promise.all([listing.refresh(), reading.refresh()]),
  );

  async function stop({ id }: Pick<Execution, "id">): Promise<void> {
    await client.executions.stop({ id });
    await Promise.all([listing.refresh(), reading.refresh()]);
  }

  async function retry({ id }: Pick<Execution, "id">): Promise<void> {
    await client.executions.retry({ id });
    await Promise.all([listing.refresh(), reading.refresh()]);
  }

  return { ...listing, run, runFault: reading.fault, open: reading.open, close: reading.leave, stop, retry };
});
