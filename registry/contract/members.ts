import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { ProjectRef } from "./projects.ts";
import { created, nothing, page } from "./reply.ts";

export const Member = z.object({
  id: z.number(),
  project_id: z.number(),
  entity_id: z.number(),
  entity_name: z.string(),
  /** `u` is a user, `g` a group. */
  entity_type: z.enum(["u", "g"]),
  role_id: z.number(),
  role_name: z.string(),
});
export type Member = z.output<typeof Member>;

const RoleId = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]);
const Which = z.object({ project_name_or_id: ProjectRef, mid: z.coerce.number().int() });

/** The members of a project, one role each. Harbor API 4.3. */
export const members = {
  list: operation({
    rest: "GET /projects/{project_name_or_id}/members",
    access: "member:list",
    says: "Lists a project's members by name.",
    input: Paging.extend({ project_name_or_id: ProjectRef, entityname: z.string().max(255).optional() }),
    returns: page(Member),
  }),
  create: operation({
    rest: "POST /projects/{project_name_or_id}/members",
    access: "member:create",
    says: "Gives a user, or a group, a role in a project.",
    input: z.object({
      project_name_or_id: ProjectRef,
      role_id: RoleId,
      member_user: z
        .object({ user_id: z.number().int().optional(), username: z.string().max(255).optional() })
        .optional(),
      /** By its number here, or by its name in the directory. */
      member_group: z
        .object({
          id: z.number().int().optional(),
          ldap_group_dn: z.string().max(1000).optional(),
          group_name: z.string().max(255).optional(),
        })
        .optional(),
    }),
    returns: created,
    records: ["create", "member"],
  }),
  update: operation({
    rest: "PUT /projects/{project_name_or_id}/members/{mid}",
    access: "member:update",
    says: "Changes a member's role.",
    input: Which.extend({ role_id: RoleId }),
    returns: nothing,
    records: ["update", "member"],
  }),
  remove: operation({
    rest: "DELETE /projects/{project_name_or_id}/members/{mid}",
    access: "member:delete",
    says: "Takes a member out of a project.",
    input: Which,
    returns: nothing,
    records: ["delete", "member"],
  }),
};
