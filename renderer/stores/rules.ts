import { defineStore } from "pinia";
import type { EventName } from "../../registry/contract/event.ts";
import type { Input } from "../../registry/contract/operation.ts";
import type { replication as operations } from "../../registry/contract/replication.ts";
import { useClient } from "../client.ts";
import type { Rule, RuleDraft } from "../rules.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";
import { createReading } from "./reading.ts";

const changes: ReadonlySet<EventName> = new Set([
  "registry.changed",
  "policy.changed",
  "execution.changed",
  "task.changed",
]);

/** The replication rules: all of them or one project's, the one that is open, and how replication stands as a whole. */
export const useRules = defineStore("rules", () => {
  const client = useClient();
  const listing = createListing((query: Input<typeof operations.list>) => client.replication.list(query));
  const { value: rule, ...reading } = createReading((id: number) => client.replication.get({ id }));
  const { value: overview, ...standing } = createReading((_: "all") => client.replication.overview({}));

  useEvents().follow(({ name }) => changes.has(name), look);

  function look(): void {
    void Promise.all([listing.refresh(), reading.refresh(), standing.refresh()]);
  }

  async function create(draft: RuleDraft): Promise<number> {
    const { id } = await client.replication.create(draft);
    look();
    return Number(id);
  }

  async function change(id: number, draft: RuleDraft): Promise<void> {
    await client.replication.update({ id, ...draft });
    look();
  }

  async function setEnabled({ id }: Pick<Rule, "id">, enabled: boolean): Promise<void> {
    await client.replication.enable({ id, enabled });
    await Promise.all([listing.refresh(), reading.refresh()]);
  }

  /** Runs a rule now; answers the run's number. */
  async function start({ id }: Pick<Rule, "id">): Promise<number> {
    const run = await client.executions.start({ policy_id: id });
    look();
    return Number(run.id);
  }

  async function remove({ id }: Pick<Rule, "id">): Promise<void> {
    await client.replication.remove({ id });
    await listing.refresh();
  }

  async function pause(paused: boolean): Promise<void> {
    await client.replication.pause({ paused });
    await standing.refresh();
  }

  return {
    ...listing,
    rule,
    ruleFault: reading.fault,
    open: reading.open,
    refreshRule: reading.refresh,
    close: reading.leave,
    overview,
    watchOverview: () => standing.open("all"),
    read: (id: number) => client.replication.get({ id }),
    create,
    change,
    setEnabled,
    start,
    remove,
    pause,
    preview: ({ name: _, ...draft }: RuleDraft) => client.replication.preview(draft),
  };
});
