import { defineStore } from "pinia";
import type { Input } from "../../registry/contract/operation.ts";
import type { repositories } from "../../registry/contract/repositories.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

/** The repositories of the open project. */
export const useRepositories = defineStore("repositories", () => {
  const client = useClient();
  let shown: string | undefined;
  const listing = createListing((query: Input<typeof repositories.list>) => {
    shown = query.project_name;
    return client.repositories.list(query);
  });
  useEvents().follow(
    (event) => event.project_name === shown,
    () => void listing.refresh(),
  );

  return listing;
});
