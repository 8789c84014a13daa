import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { Events } from "../events.ts";
import type { Collections, ProjectDocument, RepositoryDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";

export interface Repositories {
  find(name: string): Promise<RepositoryDocument | undefined>;
  /** Throws `NAME_UNKNOWN`. */
  locate(name: string): Promise<RepositoryDocument>;
  /** Makes the repository if need be, and runs `work` while nobody else writes to it. Throws `NAME_UNKNOWN` when the project goes. */
  write<T>(
    project: ProjectDocument,
    name: string,
    work: (repository: RepositoryDocument) => Promise<T>,
  ): Promise<T>;
  /** Runs `work` while nobody else writes to the repository. Throws `NAME_UNKNOWN` when it goes before. */
  change<T>(repository: RepositoryDocument, work: () => Promise<T>): Promise<T>;
  /** Removes it with all it names, names first. The bytes are left to garbage collection. */
  remove(repository: RepositoryDocument): Promise<void>;
}

interface Deps {
  collections: Collections;
  locks: Locks;
  sequence: Sequence;
  events: Events;
  now: () => Date;
}

/** There is no call to create a repository: the first push into it does. Harbor API 5. */
export function createRepositories({ collections, locks, sequence, events, now }: Deps): Repositories {
  const { projects, repositories, artifacts, tags, links, pulls } = collections;
  /** The key by which a name was found last: reading by key is the faster, and the document says whether it still holds. */
  const keys = new LRUCache<string, string>({ max: 10_000 });

  async function find(name: string): Promise<RepositoryDocument | undefined> {
    const key = keys.get(name);
    const known = key === undefined ? undefined : await repositories.get(key);
    if (known?.name === name) return known;
    const found = await repositories.find({ name });
    if (found) keys.set(name, String(found.id));
    else keys.delete(name);
    return found;
  }

  async function locate(name: string): Promise<RepositoryDocument> {
    const found = await find(name);
    if (!found) throw new Fault("NAME_UNKNOWN", `there is no repository ${name}`);
    return found;
  }

  /** Under the project's lock, so that a project that is being removed gets no new repository. */
  function create({ project_id }: ProjectDocument, name: string): Promise<RepositoryDocument> {
    return locks.lock(`project:${project_id}`, async () => {
      const made = await find(name);
      if (made) return made;
      if (!(await projects.get(String(project_id))))
        throw new Fault("NAME_UNKNOWN", `the project of ${name} was removed`);
      const creation_time = now().toISOString();
      const id = await sequence.next("repositories");
      const repository = { id, project_id, name, description: "", creation_time, update_time: creation_time };
      await repositories.insert(repository);
      return repository;
    });
  }

  function change<T>({ id, name }: RepositoryDocument, work: () => Promise<T>): Promise<T> {
    return locks.lock(`repository:${id}`, async () => {
      if (!(await repositories.get(String(id))))
        throw new Fault("NAME_UNKNOWN", `repository ${name} was removed`);
      return work();
    });
  }

  return {
    find,
    locate,
    change,

    async write(project, name, work) {
      const repository = (await find(name)) ?? (await create(project, name));
      return change(repository, () => work(repository));
    },

    async remove(repository) {
      const { id: repository_id, project_id, name } = repository;
      await change(repository, async () => {
        const named = await tags.list({ where: { repository_id } });
        const held = await artifacts.list({ where: { repository_id } });
        await tags.removeAll({ repository_id });
        await artifacts.removeAll({ repository_id });
        await links.removeAll({ repository_id });
        await repositories.remove(String(repository_id));
        const counted = [...named.map(({ id }) => `tag:${id}`), ...held.map(({ id }) => `artifact:${id}`)];
        await pulls.removeAll({ what: { in: [...counted, `repository:${repository_id}`] } });
      });
      const project_name = name.slice(0, name.indexOf("/"));
      events.emit({ name: "repository.removed", project_id, project_name, repository_name: name });
    },
  };
}
