import { PresenceFilter } from "ldapts";
import type { Settings } from "../contract/configuration.ts";
import { Fault } from "../contract/fault.ts";
import type { ldap as operations } from "../contract/ldap.ts";
import type { Handlers } from "../contract/operation.ts";
import type { SettingsStore } from "../settings.ts";
import type { Caller } from "./caller.ts";
import { findGroup, searchGroups } from "./directory-groups.ts";
import type { LdapDirectory } from "./directory.ts";
import { isDn } from "./distinguished-names.ts";
import { ldapGroup, type Groups } from "./groups.ts";
import { withDirectory } from "./ldap-connection.ts";
import { checkLdapSettings } from "./ldap-settings.ts";
import { peopleOf, searchPeople } from "./people.ts";

interface Deps {
  settings: Pick<SettingsStore, "current" | "secret">;
  directory: LdapDirectory;
  groups: Pick<Groups, "find">;
}

/** What an administrator asks the directory itself. Harbor API 9. */
export function createLdap({ settings, directory, groups }: Deps): Handlers<typeof operations, Caller> {
  /** The settings to try. A kept password is not sent to another server than the one it was given for. */
  async function tried(given: Partial<Settings>): Promise<Settings> {
    const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const wanted: Settings = { ...settings.current, ...changes };
    if (wanted.ldap_url === "" || wanted.ldap_uid === "")
      throw new Fault(
        "BAD_REQUEST",
        "give the directory's address and the attribute that holds the user name",
      );
    checkLdapSettings(wanted);
    if (wanted.ldap_search_dn === "" || wanted.ldap_search_password !== "") return wanted;
    const kept = await settings.secret("ldap_search_password");
    if (kept !== undefined && wanted.ldap_url !== settings.current.ldap_url)
      throw new Fault("BAD_REQUEST", "the server is another one: give ldap_search_password again");
    return { ...wanted, ldap_search_password: kept ?? "" };
  }

  return {
    async ping(given) {
      const wanted = await tried(given);
      const anybody = peopleOf(wanted, new PresenceFilter({ attribute: wanted.ldap_uid }));
      try {
        const found = await withDirectory(wanted, (connection) =>
          connection.search({ ...anybody, attributes: ["1.1"], most: 1 }),
        );
        if (found.length > 0)
          return { success: true, message: "the directory answers, and people are found in it" };
        const message = `the directory answers, but nobody is found: look at the base DN, the filter, and whether people have the attribute ${wanted.ldap_uid}`;
        return { success: false, message };
      } catch (error) {
        if (error instanceof Fault && error.code === "SERVICE_UNAVAILABLE")
          return { success: false, message: error.message };
        throw error;
      }
    },

    async searchUsers({ username }) {
      const people = await directory.ask((connection, wanted) => searchPeople(connection, wanted, username));
      return people.map((person) => {
        return { username: person.username, realname: person.realname, email: person.email ?? "" };
      });
    },

    async importUsers({ ldap_uid_list }) {
      if (!directory.active())
        throw new Fault(
          "PRECONDITION",
          "users are this registry's own: switch to LDAP in the settings first",
        );
      const failed: { uid: string; error: string }[] = [];
      for (const uid of new Set(ldap_uid_list)) {
        const error = await directory.introduce(uid).then(() => undefined, whyNot);
        if (error !== undefined) failed.push({ uid, error });
      }
      return failed;
    },

    async searchGroups({ groupname = "", groupdn }) {
      if (groupdn !== undefined && !isDn(groupdn))
        throw new Fault("BAD_REQUEST", `${groupdn} is not a distinguished name`);
      const found = await directory.ask(async (connection, wanted) =>
        groupdn === undefined
          ? searchGroups(connection, wanted, groupname)
          : [await findGroup(connection, wanted, groupdn)].filter((group) => group !== undefined),
      );
      return Promise.all(
        found.map(async (group) => {
          const known = await groups.find(group.ldap_group_dn);
          return { ...group, id: known?.id ?? 0, group_type: ldapGroup };
        }),
      );
    },
  };
}

/** The reason for one person; a directory that is out of reach is a reason for all of them, and ends the work. */
function whyNot(error: unknown): string {
  if (error instanceof Fault && error.code !== "SERVICE_UNAVAILABLE") return error.message;
  throw error;
}
