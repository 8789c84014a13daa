import {
  AndFilter,
  EqualityFilter,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
  type Entry,
  type Filter,
} from "ldapts";
import type { UserGroup } from "../contract/ldap.ts";
import { valuesOf, type Connection } from "./ldap-connection.ts";
import { filterOf, type LdapSettings } from "./ldap-settings.ts";

/** A group as the directory has it. */
export type DirectoryGroup = Pick<UserGroup, "group_name" | "ldap_group_dn">;

/** The DNs of a person's groups: what the entry itself tells; where it tells nothing, the groups below the group base that name it. */
export async function groupsOf(
  connection: Connection,
  settings: LdapSettings,
  entry: Entry,
): Promise<string[]> {
  const own = valuesOf(entry, settings.ldap_group_membership_attribute);
  if (own.length > 0 || settings.ldap_group_base_dn === "") return own;
  const named = ["member", "uniqueMember"].map(
    (attribute) => new EqualityFilter({ attribute, value: entry.dn }),
  );
  const groups = await connection.search({
    base: settings.ldap_group_base_dn,
    scope: settings.ldap_group_search_scope,
    filter: groupFilter(settings, new OrFilter({ filters: named })),
    attributes: ["1.1"],
  });
  return groups.map(({ dn }) => dn);
}

/** Groups whose name has that part, a hundred at most. */
export async function searchGroups(
  connection: Connection,
  settings: LdapSettings,
  part: string,
): Promise<DirectoryGroup[]> {
  const attribute = settings.ldap_group_attribute_name;
  const filter =
    part === "" ? new PresenceFilter({ attribute }) : new SubstringFilter({ attribute, any: [part] });
  const entries = await connection.search({
    base: settings.ldap_group_base_dn || settings.ldap_base_dn,
    scope: settings.ldap_group_search_scope,
    filter: groupFilter(settings, filter),
    attributes: [attribute],
    most: 100,
  });
  return entries
    .map((entry) => toDirectoryGroup(entry, attribute))
    .sort((a, b) => (a.group_name < b.group_name ? -1 : 1));
}

/** The group of that DN, if it is one by the administrator's filter. */
export async function findGroup(
  connection: Connection,
  settings: LdapSettings,
  dn: string,
): Promise<DirectoryGroup | undefined> {
  const attribute = settings.ldap_group_attribute_name;
  const [entry] = await connection.search({
    base: dn,
    scope: 0,
    filter: groupFilter(settings, new PresenceFilter({ attribute: "objectClass" })),
    attributes: [attribute],
    mayBeAbsent: true,
  });
  return entry && toDirectoryGroup(entry, attribute);
}

function toDirectoryGroup(entry: Entry, attribute: string): DirectoryGroup {
  const group_name = (valuesOf(entry, attribute)[0] ?? entry.dn).slice(0, 255);
  return { group_name, ldap_group_dn: entry.dn };
}

function groupFilter(settings: LdapSettings, filter: Filter): Filter {
  const own = filterOf(settings.ldap_group_search_filter, "ldap_group_search_filter");
  return own ? new AndFilter({ filters: [own, filter] }) : filter;
}
