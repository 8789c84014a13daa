import { Fault } from "../contract/fault.ts";
import type { Events } from "../events.ts";
import type { Collections, RepositoryDocument } from "../store/collections.ts";
import type { Sequence } from "../store/sequence.ts";
import { pageAfter, type Page, type Paging } from "./page.ts";
import { toTag } from "./reference.ts";
import type { Repositories } from "./repositories.ts";

export interface Tags {
  /** Points the tag at the digest, whether or not it existed. Throws `TAG_INVALID`, `MANIFEST_UNKNOWN`. */
  move(repository: RepositoryDocument, name: string, digest: string): Promise<void>;
  /** The same for who holds the repository's lock, knows that the artifact is there, and tells of it. */
  set(repository: RepositoryDocument, name: string, digest: string): Promise<void>;
  /** Removes the tag; the artifact stays. Throws `MANIFEST_UNKNOWN`. */
  remove(repository: RepositoryDocument, name: string): Promise<void>;
  /** In the order of their bytes. Throws `NAME_UNKNOWN`. */
  list(repository_name: string, paging: Paging): Promise<Page>;
}

interface Deps {
  collections: Collections;
  repositories: Repositories;
  sequence: Sequence;
  events: Events;
  now: () => Date;
}

export function createTags({
  collections: { tags, artifacts },
  repositories,
  sequence,
  events,
  now,
}: Deps): Tags {
  const about = ({ project_id, name }: RepositoryDocument) => ({
    project_id,
    project_name: name.slice(0, name.indexOf("/")),
    repository_name: name,
  });

  async function set({ id: repository_id }: RepositoryDocument, name: string, digest: string): Promise<void> {
    const known = await tags.get(`${repository_id}:${name}`);
    if (known?.digest === digest) return;
    const id = known?.id ?? (await sequence.next("tags"));
    await tags.put({ id, repository_id, name, digest, push_time: now().toISOString() });
  }

  return {
    set,

    async move(repository, name, digest) {
      toTag(name);
      await repositories.change(repository, async () => {
        if (!(await artifacts.get(`${repository.id}@${digest}`))) {
          throw new Fault("MANIFEST_UNKNOWN", `there is no manifest ${digest} in ${repository.name}`);
        }
        await set(repository, name, digest);
      });
      events.emit({ name: "artifact.pushed", ...about(repository), digest, tag: name });
    },

    async remove(repository, name) {
      const digest = await repositories.change(repository, async () => {
        const key = `${repository.id}:${name}`;
        const known = await tags.get(key);
        if (!known)
          throw new Fault("MANIFEST_UNKNOWN", `there is no tag ${name.slice(0, 128)} in ${repository.name}`);
        await tags.remove(key);
        return known.digest;
      });
      events.emit({ name: "tag.removed", ...about(repository), digest, tag: name });
    },

    async list(repository_name, paging) {
      const { id: repository_id } = await repositories.locate(repository_name);
      return pageAfter(paging, async (from, limit) => {
        const where = { repository_id, ...(from === undefined ? {} : { name: { from } }) };
        return (await tags.list({ where, sort: ["name"], limit })).map((tag) => tag.name);
      });
    },
  };
}
