import type { Events } from "../events.ts";
import type { ArtifactDocument, Collections } from "../store/collections.ts";

export interface Sizes {
  /** Bytes that a project's artifacts hold, each blob counted once however many use it. */
  project(project_id: number): Promise<number>;
  repository(repository_id: number): Promise<number>;
}

/** Sizes are added up when asked for and remembered until something in the project changes. */
export function createSizes({ artifacts }: Pick<Collections, "artifacts">, events: Events): Sizes {
  const byProject = new Map<number, Promise<number>>();
  const byRepository = new Map<number, Promise<number>>();

  events.on(({ name, project_id }) => {
    if (project_id === undefined || name === "artifact.pulled") return;
    byProject.delete(project_id);
    byRepository.clear();
  });

  return {
    project: (id) =>
      remember(byProject, id, async () => sum(await artifacts.list({ where: { project_id: id } }))),
    repository: (id) =>
      remember(byRepository, id, async () => sum(await artifacts.list({ where: { repository_id: id } }))),
  };
}

function remember(
  known: Map<number, Promise<number>>,
  id: number,
  work: () => Promise<number>,
): Promise<number> {
  const found = known.get(id) ?? work();
  known.set(id, found);
  found.catch(() => known.delete(id));
  return found;
}

function sum(artifacts: readonly ArtifactDocument[]): number {
  const sizes = new Map<string, number>();
  for (const { digest, manifest_size, blobs } of artifacts) {
    sizes.set(digest, manifest_size);
    for (const blob of blobs) sizes.set(blob.digest, blob.size);
  }
  let total = 0;
  for (const size of sizes.values()) total += size;
  return total;
}
