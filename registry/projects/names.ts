import type { RegistryEvent } from "../contract/event.ts";
import type { Events } from "../events.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";

/** What of a repository can be searched for. */
export interface RepositoryNames {
  name: string;
  project_id: number;
  /** The digest of each tag. */
  tags: Map<string, string>;
  digests: Set<string>;
}

export interface Names {
  /** By name. */
  projects(): Promise<readonly ProjectDocument[]>;
  /** By name. */
  repositories(): Promise<readonly RepositoryNames[]>;
}

type Known = Map<string, RepositoryNames>;

/**
 * Every name there is, in memory: read when first asked for, and kept true by what happens. A search goes through all of
 * them at each key that is pressed, and must copy nothing.
 */
export function createNames(collections: Collections, events: Events): Names {
  let projects: Promise<ProjectDocument[]> | undefined;
  let loading: Promise<Known> | undefined;
  let sorted: RepositoryNames[] | undefined;
  let known: Known | undefined;
  /** What happened while the names were being read. */
  let missed: RegistryEvent[] = [];

  events.on((event) => {
    if (event.name.startsWith("project.")) projects = undefined;
    if (known) apply(known, event);
    else if (loading) missed.push(event);
  });

  function apply(all: Known, event: RegistryEvent): void {
    const { name, project_id, repository_name, digest, tag } = event;
    if (repository_name === undefined || project_id === undefined) return;
    if (name === "repository.removed" && all.delete(repository_name)) sorted = undefined;
    if (name === "artifact.pushed") {
      let names = all.get(repository_name);
      if (!names) {
        all.set(repository_name, (names = createNamesOf(repository_name, project_id)));
        sorted = undefined;
      }
      if (digest !== undefined) names.digests.add(digest);
      if (digest !== undefined && tag !== undefined) names.tags.set(tag, digest);
    }
    const names = all.get(repository_name);
    if (name === "tag.removed" && tag !== undefined) names?.tags.delete(tag);
    if (name === "artifact.removed" && digest !== undefined && names?.digests.delete(digest)) {
      for (const [other, of] of names.tags) if (of === digest) names.tags.delete(other);
    }
  }

  async function load(): Promise<Known> {
    const byId = new Map<number, RepositoryNames>();
    for (const { id, name, project_id } of await collections.repositories.list()) {
      byId.set(id, createNamesOf(name, project_id));
    }
    for (const { repository_id, digest } of await collections.artifacts.list()) {
      byId.get(repository_id)?.digests.add(digest);
    }
    for (const { repository_id, name, digest } of await collections.tags.list()) {
      byId.get(repository_id)?.tags.set(name, digest);
    }
    const all: Known = new Map([...byId.values()].map((names) => [names.name, names]));
    // Each was read whole, but not all at once: done again, in order, what happened meanwhile makes them one.
    for (const event of missed) apply(all, event);
    missed = [];
    return (known = all);
  }

  return {
    projects: () => (projects ??= collections.projects.list({ sort: ["name"] })),

    async repositories() {
      loading ??= load();
      const all = await loading.catch((error: unknown) => {
        loading = undefined;
        missed = [];
        throw error;
      });
      return (sorted ??= [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
  };
}

const createNamesOf = (name: string, project_id: number): RepositoryNames => ({
  name,
  project_id,
  tags: new Map(),
  digests: new Set(),
});
