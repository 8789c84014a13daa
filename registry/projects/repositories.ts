import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Repository, repositories as operations } from "../contract/repositories.ts";
import type { Collections, RepositoryDocument } from "../store/collections.ts";
import type { Where } from "../store/documents.ts";
import { listingOf } from "../store/query.ts";
import type { Projects } from "./projects.ts";
import type { Sizes } from "./sizes.ts";

interface Deps {
  collections: Collections;
  sizes: Sizes;
  visible: Projects["visible"];
  /** Deletes all that a repository holds, names first. */
  empty(repository: RepositoryDocument): Promise<void>;
  now: () => Date;
}

export interface Repositories extends Handlers<typeof operations, Caller> {
  locate(project_name: string, repository_name: string): Promise<RepositoryDocument>;
}

const listed = ["id", "name", "project_id", "description", "creation_time", "update_time"] as const;

export function createRepositories({ collections, sizes, visible, empty, now }: Deps): Repositories {
  const { repositories, artifacts, pulls, projects, links } = collections;

  async function locate(project_name: string, repository_name: string): Promise<RepositoryDocument> {
    const name = `${project_name}/${repository_name}`;
    const found = await repositories.find({ name });
    if (!found) throw new Fault("NOT_FOUND", `there is no repository ${name}`);
    return found;
  }

  async function toRepository(repository: RepositoryDocument): Promise<Repository> {
    return {
      ...repository,
      artifact_count: await artifacts.count({ repository_id: repository.id }),
      pull_count: (await pulls.get(`repository:${repository.id}`))?.count ?? 0,
      storage: await sizes.repository(repository.id),
    };
  }

  async function pageOf(where: Where<RepositoryDocument>, input: Parameters<typeof listingOf>[0]) {
    const listing = listingOf<RepositoryDocument>(input, { fields: listed, sort: ["-creation_time", "-id"] });
    const narrowed = { ...listing.where, ...where };
    const found = await repositories.list({ ...listing, where: narrowed });
    return { items: await Promise.all(found.map(toRepository)), total: await repositories.count(narrowed) };
  }

  return {
    locate,

    async listAll(input, caller) {
      const sets = await visible(caller, "repository:list");
      const seen = await Promise.all(sets.map((where) => projects.list({ where })));
      const project_id = { in: seen.flat().map((project) => project.project_id) };
      const digest = blobAsked(input.q);
      if (digest === undefined) return pageOf({ project_id }, input);
      // Harbor, when it replicates into us, asks which repository has a blob, and mounts from the first of the answer.
      const holders = await links.list({ where: { digest, project_id } });
      return pageOf({ id: { in: holders.map((link) => link.repository_id) } }, { ...input, q: undefined });
    },

    async list({ project_name, ...input }) {
      const project = await projects.find({ name: project_name });
      if (!project) throw new Fault("NOT_FOUND", `there is no project ${project_name}`);
      return pageOf({ project_id: project.project_id }, input);
    },

    async get({ project_name, repository_name }) {
      return toRepository(await locate(project_name, repository_name));
    },

    async update({ project_name, repository_name, description }) {
      const { id } = await locate(project_name, repository_name);
      await repositories.update(String(id), { description, update_time: now().toISOString() });
    },

    async remove({ project_name, repository_name }) {
      await empty(await locate(project_name, repository_name));
    },
  };
}

/** The digest of `q=blob_digest=sha256:…`. Harbor API 5 and 22.2. */
function blobAsked(q: string | undefined): string | undefined {
  return q?.startsWith("blob_digest=") ? q.slice("blob_digest=".length) : undefined;
}
