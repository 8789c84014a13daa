import { defineStore } from "pinia";
import type { Input } from "../../registry/contract/operation.ts";
import type { projects } from "../../registry/contract/projects.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

/** The list of projects. */
export const useProjects = defineStore("projects", () => {
  const client = useClient();
  const listing = createListing((query: Input<typeof projects.list>) => client.projects.list(query));
  // Counts and sizes are in the list, so whatever is pushed or removed concerns it.
  useEvents().follow(
    (event) => event.name !== "artifact.pulled" && event.name !== "session.ended",
    () => void listing.refresh(),
  );

  async function create(project_name: string, isPublic: boolean): Promise<void> {
    await client.projects.create({ project_name, metadata: { public: String(isPublic) } });
    await listing.refresh();
  }

  return { ...listing, create };
});
