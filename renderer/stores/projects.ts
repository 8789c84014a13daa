import { defineStore } from "pinia";
import { watch } from "vue";
import type { Input } from "../../registry/contract/operation.ts";
import type { projects } from "../../registry/contract/projects.ts";
import { useClient } from "../client.ts";
import { useClock } from "./clock.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

export type ProjectsQuery = Input<typeof projects.list>;

/** The list of projects. */
export const useProjects = defineStore("projects", () => {
  const client = useClient();
  const listing = createListing((query: ProjectsQuery) => client.projects.list(query));
  // Counts and sizes are in the list, so whatever is pushed or removed concerns it.
  useEvents().follow(
    ({ name, project_id }) => project_id !== undefined && name !== "artifact.pulled",
    () => void listing.refresh(),
  );

  // Who is taken out of a directory's group hears nothing of it: so the list is looked at now and then as well.
  const clock = useClock();
  watch(
    () => clock.now,
    () => document.visibilityState === "visible" && void listing.refresh(),
  );

  /** With an endpoint it is a proxy project of that one. */
  async function create(project_name: string, isPublic: boolean, registry_id?: number): Promise<void> {
    const metadata = { public: String(isPublic) };
    await client.projects.create({ project_name, metadata, ...(registry_id && { registry_id }) });
    await listing.refresh();
  }

  return { ...listing, create };
});
