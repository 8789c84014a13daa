import { defineStore } from "pinia";
import { computed } from "vue";
import type { LdapUser, UserGroup, usergroups as operations } from "../../registry/contract/ldap.ts";
import type { Input } from "../../registry/contract/operation.ts";
import { useClient } from "../client.ts";
import { createListing } from "./listing.ts";
import { useRegistry } from "./registry.ts";
import { useSession } from "./session.ts";

/** The built-in administrator is this registry's own, whoever keeps the others. */
const adminId = 1;

/** The directory that keeps the users, where one does, and those of its groups that are known here. */
export const useDirectory = defineStore("directory", () => {
  const client = useClient();
  const registry = useRegistry();
  const session = useSession();
  const active = computed(() => registry.info?.auth_mode === "ldap_auth");
  /** The person's own name, address and password are changed there. */
  const keepsMe = computed(() => active.value && session.user?.user_id !== adminId);
  const listing = createListing((query: Input<typeof operations.list>) => client.usergroups.list(query));

  /** By a part of the name; of several entries with one name, which the registry cannot tell apart, the first. */
  async function findUsers(username: string): Promise<LdapUser[]> {
    const found = await client.ldap.searchUsers({ username });
    return [...new Map(found.toReversed().map((user) => [user.username, user])).values()].reverse();
  }

  async function addGroup(group: { group_name: string; ldap_group_dn: string }): Promise<void> {
    await client.usergroups.create(group);
    await listing.refresh();
  }

  async function removeGroup({ id }: UserGroup): Promise<void> {
    await client.usergroups.remove({ group_id: id });
    await listing.refresh();
  }

  return {
    ...listing,
    active,
    keepsMe,
    addGroup,
    removeGroup,
    findUsers,
    /** The names that could not be imported, each with the reason. */
    importUsers: (ldap_uid_list: string[]) => client.ldap.importUsers({ ldap_uid_list }),
    findGroups: (groupname: string) => client.ldap.searchGroups({ groupname }),
  };
});
