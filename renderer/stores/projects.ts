import { defineStore } from "pinia";
import { watch } from "vue";
import type { Input } from "../../registry/contract/operation.ts";
import type { projects } from "../../registry/contract/projects.ts";
import { useClient } from "../client.ts";
import { useClock } from "./clock.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";
import { mine } from "./my-projects.ts";

export type ProjectsQuery = Input<typeof projects.list> & {
  /** Only those that the person is a member of. */
  mine?: boolean;
};

/** The list of projects. */
export const useProjects = defineStore("projects", () => {
  const client = useClient();
  const listing = createListing(({ mine: own, ...query }: ProjectsQuery) =>
    own === true ? mine(client.projects.list, query) : client.projects.list(query),
  );
  // Counts and sizes are in the list, so whatever is pushed or removed concerns it.
  useEvents().follow(
    (event) => event.name !== "artifact.pulled" && event.name !== "session.ended",
    () => void listing.refresh(),
  );

  // Who is taken out of a project hears no more of it, not even that: so the list is looked at now and then as well.
  const clock = useClock();
  watch(
    () => clock.now,
    () => document.visibilityState === "visible" && void listing.refresh(),
  );

  async function create(project_name: string, isPublic: boolean): Promise<void> {
    await client.projects.create({ project_name, metadata: { public: String(isPublic) } });
    await listing.refresh();
  }

  return { ...listing, create };
});
