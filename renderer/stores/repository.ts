import { defineStore } from "pinia";
import type { Artifact } from "../../registry/contract/artifacts.ts";
import type { RepositoryRef } from "../../registry/contract/repositories.ts";
import type { z } from "zod";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";
import { createReading } from "./reading.ts";

export type RepositoryName = z.output<typeof RepositoryRef>;
export interface ArtifactsQuery extends RepositoryName {
  page: number;
  page_size: number;
  sort?: string;
  q?: string;
}

/** The repository that is open, and a page of its artifacts. */
export const useRepository = defineStore("repository", () => {
  const client = useClient();
  const reading = createReading((name: RepositoryName) => client.repositories.get(name));
  const artifacts = createListing((query: ArtifactsQuery) =>
    client.artifacts.list({ ...query, with_tag: true, with_accessory: true }),
  );
  const repository = reading.value;

  async function refresh(): Promise<void> {
    await Promise.all([reading.refresh(), artifacts.refresh()]);
  }

  useEvents().follow(
    (event) => event.repository_name !== undefined && event.repository_name === repository.value?.name,
    () => void refresh(),
  );

  async function describe(name: RepositoryName, description: string): Promise<void> {
    await client.repositories.update({ ...name, description });
    await reading.refresh();
  }

  /** Removes `tag` only, or without one the artifact with all its tags. */
  async function removeFrom(name: RepositoryName, artifact: Artifact, tag?: string): Promise<void> {
    const which = { ...name, reference: artifact.digest };
    if (tag === undefined) await client.artifacts.remove(which);
    else await client.artifacts.removeTag({ ...which, tag_name: tag });
    await refresh();
  }

  function leave(): void {
    reading.leave();
    artifacts.leave();
  }

  return {
    repository,
    fault: reading.fault,
    open: reading.open,
    items: artifacts.items,
    total: artifacts.total,
    loaded: artifacts.loaded,
    busy: artifacts.busy,
    artifactsFault: artifacts.fault,
    show: artifacts.show,
    refresh,
    leave,
    describe,
    removeFrom,
    remove: (name: RepositoryName) => client.repositories.remove(name),
  };
});
