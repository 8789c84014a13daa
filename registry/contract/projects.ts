import { z } from "zod";
import { operation } from "./operation.ts";
import { Flag, Paging } from "./paging.ts";
import { created, nothing, one, page } from "./reply.ts";

/** Harbor API 4.1; a name is also the first part of every repository in the project. */
export const ProjectName = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
    "a project name has lower-case letters and digits, with single dots, dashes or underscores between them",
  );

/** A project's number or its name; a value that reads as a number is a number. */
export const ProjectRef = z.union([z.number().int(), z.string().min(1).max(255)]);

const Metadata = z.record(z.string().max(64), z.string().max(1024));

export const Project = z.object({
  project_id: z.number(),
  owner_id: z.number(),
  owner_name: z.string(),
  name: z.string(),
  creation_time: z.string(),
  update_time: z.string(),
  deleted: z.boolean(),
  togglable: z.boolean(),
  /** 1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest; absent for who is no member. */
  current_user_role_id: z.number().optional(),
  current_user_role_ids: z.array(z.number()),
  repo_count: z.number(),
  /** Bytes, each blob counted once however many artifacts use it. Berth's own. */
  storage: z.number(),
  metadata: Metadata,
  /** Of a proxy project: the endpoint that it fetches from. */
  registry_id: z.number().optional(),
});
export type Project = z.output<typeof Project>;

const Changes = z.object({
  /** Harbor 1.x sends it bare, as a boolean or as 0 and 1; `metadata.public` counts where both are given. */
  public: z.union([Flag, z.literal(0).transform(() => false), z.literal(1).transform(() => true)]).optional(),
  metadata: Metadata.nullish(),
});

const ProjectSummary = z.object({
  repo_count: z.number(),
  quota: z
    .object({ hard: z.object({ storage: z.number() }), used: z.object({ storage: z.number() }) })
    .optional(),
  project_admin_count: z.number().optional(),
  maintainer_count: z.number().optional(),
  developer_count: z.number().optional(),
  guest_count: z.number().optional(),
  limited_guest_count: z.number().optional(),
});

const Which = z.object({ project_name_or_id: ProjectRef });

export const projects = {
  list: operation({
    rest: "GET /projects",
    access: "anyone",
    says: "Lists the projects that the caller may see.",
    input: Paging.extend({
      name: z.string().max(255).optional(),
      public: Flag.optional(),
      owner: z.string().max(255).optional(),
      /** Only those that the caller is a member of, or only the others. Berth's own. */
      member: Flag.optional(),
      with_detail: Flag.default(true),
    }),
    returns: page(Project),
  }),
  create: operation({
    rest: "POST /projects",
    access: "account",
    says: "Creates a project; its creator becomes its project admin.",
    input: Changes.extend({
      project_name: ProjectName,
      storage_limit: z.number().int().optional(),
      /** Makes it a proxy project of that endpoint; for administrators. */
      registry_id: z.number().int().nullish(),
    }),
    returns: created,
    records: ["create", "project"],
  }),
  exists: operation({
    rest: "HEAD /projects",
    access: "account",
    says: "Tells whether a project of that name exists.",
    input: z.object({ project_name: z.string().min(1).max(255) }),
    returns: nothing,
  }),
  get: operation({
    rest: "GET /projects/{project_name_or_id}",
    access: "project:read",
    says: "Reads one project.",
    input: Which,
    returns: one(Project),
  }),
  update: operation({
    rest: "PUT /projects/{project_name_or_id}",
    access: "project:update",
    says: "Makes a project public or private.",
    input: Which.extend(Changes.shape),
    returns: nothing,
    records: ["update", "project"],
  }),
  remove: operation({
    rest: "DELETE /projects/{project_name_or_id}",
    access: "project:delete",
    says: "Deletes a project that holds no repositories.",
    input: Which,
    returns: nothing,
    records: ["delete", "project"],
  }),
  deletable: operation({
    rest: "GET /projects/{project_name_or_id}/_deletable",
    access: "project:delete",
    says: "Tells whether a project can be deleted, and if not, why.",
    input: Which,
    returns: one(z.object({ deletable: z.boolean(), message: z.string().optional() })),
  }),
  summary: operation({
    rest: "GET /projects/{project_name_or_id}/summary",
    access: "project:read",
    says: "Counts a project's repositories and members.",
    input: Which,
    returns: one(ProjectSummary),
  }),
};
