import type { Caller } from "../access/caller.ts";
import type { artifacts as operations } from "../contract/artifacts.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Collections, RepositoryDocument } from "../store/collections.ts";
import { createArtifactViews } from "./artifact-views.ts";
import { buildHistory } from "./history.ts";

interface Deps {
  collections: Collections;
  blobs: Blobs;
  locate(project_name: string, repository_name: string): Promise<RepositoryDocument>;
  /** Removes an artifact with its tags, names first. Throws `PRECONDITION` for a child of an index. */
  removeArtifact(repository: RepositoryDocument, digest: string): Promise<void>;
  moveTag(repository: RepositoryDocument, tag: string, digest: string): Promise<void>;
  removeTag(repository: RepositoryDocument, tag: string): Promise<void>;
}

/** A manifest has at most 4 MiB, and a configuration that is larger than this is none to show. */
const largest = 4 * 2 ** 20;

interface Paged {
  page: number;
  page_size: number;
}

export function createArtifacts(deps: Deps): Handlers<typeof operations, Caller> {
  const { collections, blobs } = deps;
  const { artifacts, tags } = collections;
  const views = createArtifactViews(collections);

  async function locate(input: { project_name: string; repository_name: string; reference: string }) {
    const repository = await deps.locate(input.project_name, input.repository_name);
    const { reference } = input;
    const digest = reference.includes(":")
      ? reference
      : (await tags.get(`${repository.id}:${reference}`))?.digest;
    const artifact = digest === undefined ? undefined : await artifacts.get(`${repository.id}@${digest}`);
    if (!artifact) throw new Fault("NOT_FOUND", `there is no artifact ${reference} in ${repository.name}`);
    return { repository, artifact };
  }

  return {
    async list({ project_name, repository_name, page, page_size, q, sort, ...wanted }) {
      const repository = await deps.locate(project_name, repository_name);
      const all = await views.listed(repository, { q, sort });
      const items = slice(all, { page, page_size }).map((artifact) => views.toArtifact(artifact, wanted));
      return { items: await Promise.all(items), total: all.length };
    },

    async get({ project_name, repository_name, reference, ...wanted }) {
      const { artifact } = await locate({ project_name, repository_name, reference });
      return views.toArtifact(artifact, wanted);
    },

    async remove(which) {
      const { repository, artifact } = await locate(which);
      await deps.removeArtifact(repository, artifact.digest);
    },

    async tags({ page, page_size, ...which }) {
      const { artifact } = await locate(which);
      const all = await views.tagsOf(artifact);
      return { items: slice(all, { page, page_size }), total: all.length };
    },

    async addTag({ name, ...which }) {
      const { repository, artifact } = await locate(which);
      if (await tags.get(`${repository.id}:${name}`)) {
        throw new Fault("CONFLICT", `tag ${name} already exists in ${repository.name}`);
      }
      await deps.moveTag(repository, name, artifact.digest);
      return { id: name };
    },

    async removeTag({ tag_name, ...which }) {
      const { repository, artifact } = await locate(which);
      const tag = await tags.get(`${repository.id}:${tag_name}`);
      if (tag?.digest !== artifact.digest) {
        throw new Fault("NOT_FOUND", `artifact ${which.reference} has no tag ${tag_name}`);
      }
      await deps.removeTag(repository, tag_name);
    },

    async accessories({ page, page_size, ...which }) {
      const { artifact } = await locate(which);
      const all = await views.accessoriesOf(artifact);
      return { items: slice(all, { page, page_size }), total: all.length };
    },

    async history(which) {
      const { artifact } = await locate(which);
      const [configuration, ...layers] = artifact.blobs;
      if (artifact.media_type === "" || !configuration) {
        throw new Fault("BAD_REQUEST", `${which.reference} is not an image, so it has no build history`);
      }
      return buildHistory(await blobs.readAll(configuration.digest, largest), layers);
    },

    async manifest(which) {
      const { artifact } = await locate(which);
      return (await blobs.readAll(artifact.digest, largest)).toString("utf8");
    },
  };
}

function slice<T>(all: readonly T[], { page, page_size }: Paged): T[] {
  return all.slice((page - 1) * page_size, page * page_size);
}
