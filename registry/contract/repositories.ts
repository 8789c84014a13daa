import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { nothing, one, page } from "./reply.ts";

export const Repository = z.object({
  id: z.number(),
  project_id: z.number(),
  /** With its project: `library/app`. */
  name: z.string(),
  description: z.string(),
  artifact_count: z.number(),
  pull_count: z.number(),
  creation_time: z.string(),
  update_time: z.string(),
  /** Bytes, each blob counted once however many artifacts use it. Berth's own. */
  storage: z.number(),
});
export type Repository = z.output<typeof Repository>;

/** A repository in its project; the name is without the project. Harbor API 1.5. */
export const RepositoryRef = z.object({
  project_name: z.string().min(1).max(255),
  repository_name: z.string().min(1).max(255),
});

export const repositories = {
  listAll: operation({
    rest: "GET /repositories",
    access: "anyone",
    says: "Lists the repositories of every project that the caller may see.",
    input: Paging,
    returns: page(Repository),
  }),
  list: operation({
    rest: "GET /projects/{project_name}/repositories",
    access: "repository:list",
    says: "Lists a project's repositories.",
    input: Paging.extend({ project_name: RepositoryRef.shape.project_name }),
    returns: page(Repository),
  }),
  get: operation({
    rest: "GET /projects/{project_name}/repositories/{repository_name}",
    access: "repository:read",
    says: "Reads one repository.",
    input: RepositoryRef,
    returns: one(Repository),
  }),
  update: operation({
    rest: "PUT /projects/{project_name}/repositories/{repository_name}",
    access: "repository:update",
    says: "Describes a repository.",
    input: RepositoryRef.extend({ description: z.string().max(10_000) }),
    returns: nothing,
    records: ["update", "repository"],
  }),
  remove: operation({
    rest: "DELETE /projects/{project_name}/repositories/{repository_name}",
    access: "repository:delete",
    says: "Deletes a repository with all its artifacts and tags.",
    input: RepositoryRef,
    returns: nothing,
    records: ["delete", "repository"],
  }),
};
