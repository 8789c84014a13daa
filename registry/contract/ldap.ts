import { z } from "zod";
import { Settings } from "./configuration.ts";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { created, nothing, one, page } from "./reply.ts";

/** The directory's settings to try before they are kept; what is left out is taken from those that are. Harbor API 9. */
const LdapSettings = Settings.pick({
  ldap_url: true,
  ldap_search_dn: true,
  ldap_search_password: true,
  ldap_base_dn: true,
  ldap_filter: true,
  ldap_uid: true,
  ldap_scope: true,
  ldap_timeout: true,
  ldap_verify_cert: true,
  ldap_starttls: true,
  ldap_ca: true,
}).partial();

export const LdapUser = z.object({ username: z.string(), realname: z.string(), email: z.string() });
export type LdapUser = z.output<typeof LdapUser>;

export const UserGroup = z.object({
  id: z.number(),
  group_name: z.string(),
  /** 1 is a group of the directory. */
  group_type: z.number(),
  ldap_group_dn: z.string(),
});
export type UserGroup = z.output<typeof UserGroup>;

export const ldap = {
  ping: operation({
    rest: "POST /ldap/ping",
    access: "admin",
    says: "Tries to reach, and to search, the directory.",
    input: LdapSettings,
    returns: one(z.object({ success: z.boolean(), message: z.string() })),
  }),
  searchUsers: operation({
    rest: "GET /ldap/users/search",
    access: "admin",
    says: "Finds users in the directory by a part of their name.",
    input: z.object({ username: z.string().max(255).default("") }),
    returns: one(z.array(LdapUser)),
  }),
  importUsers: operation({
    rest: "POST /ldap/users/import",
    access: "admin",
    says: "Makes users of the directory known here before they first sign in; tells those that could not be.",
    input: z.object({ ldap_uid_list: z.array(z.string().min(1).max(255)).min(1).max(200) }),
    returns: one(z.array(z.object({ uid: z.string(), error: z.string() }))),
    records: ["create", "user"],
  }),
  searchGroups: operation({
    rest: "GET /ldap/groups/search",
    access: "admin",
    says: "Finds groups in the directory by name or by distinguished name.",
    input: z.object({ groupname: z.string().max(255).optional(), groupdn: z.string().max(1000).optional() }),
    returns: one(z.array(UserGroup)),
  }),
};

export const usergroups = {
  list: operation({
    rest: "GET /usergroups",
    access: "admin",
    says: "Lists the groups that are known here.",
    input: Paging.extend({
      ldap_group_dn: z.string().max(1000).optional(),
      group_name: z.string().max(255).optional(),
    }),
    returns: page(UserGroup),
  }),
  search: operation({
    rest: "GET /usergroups/search",
    access: "user",
    says: "Suggests groups by a part of their name.",
    input: Paging.extend({ groupname: z.string().min(1).max(255) }),
    returns: page(UserGroup.pick({ id: true, group_name: true, group_type: true })),
  }),
  create: operation({
    rest: "POST /usergroups",
    access: "admin",
    says: "Makes a group of the directory known here, so that it can be a member of projects.",
    input: z.object({
      group_name: z.string().max(255).default(""),
      group_type: z.literal(1).default(1),
      ldap_group_dn: z.string().min(1).max(1000),
    }),
    returns: created,
    records: ["create", "group"],
  }),
  update: operation({
    rest: "PUT /usergroups/{group_id}",
    access: "admin",
    says: "Renames a group.",
    input: z.object({ group_id: z.coerce.number().int(), group_name: z.string().min(1).max(255) }),
    returns: nothing,
    records: ["update", "group"],
  }),
  remove: operation({
    rest: "DELETE /usergroups/{group_id}",
    access: "admin",
    says: "Forgets a group, and its memberships.",
    input: z.object({ group_id: z.coerce.number().int() }),
    returns: nothing,
    records: ["delete", "group"],
  }),
};
