import type { ldap as operations } from "../contract/ldap.ts";
import type { Handlers } from "../contract/operation.ts";
import type { LogLine } from "../config.ts";
import type { SettingsStore } from "../settings.ts";
import type { Collections } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Caller } from "./caller.ts";
import { createDirectory, type LdapDirectory } from "./directory.ts";
import { createGroups, type Groups } from "./groups.ts";
import { createLdap } from "./ldap.ts";
import { createOnboarding } from "./onboarding.ts";

interface Deps {
  collections: Collections;
  settings: SettingsStore;
  sequence: Sequence;
  locks: Locks;
  now: () => Date;
  log: (line: LogLine) => void;
}

interface JoinedDirectory {
  directory: LdapDirectory;
  groups: Groups;
  ldap: Handlers<typeof operations, Caller>;
  /** The same change of the settings, after which another administrator group's members are administrators no more. */
  watch(update: SettingsStore["update"]): SettingsStore["update"];
}

/** Everything that the directory of people is for, joined. */
export function joinDirectory({ collections, settings, sequence, locks, now, log }: Deps): JoinedDirectory {
  const adminGroup = (): string => settings.current.ldap_group_admin_dn;
  const onboarding = createOnboarding({ collections, sequence, locks, adminGroup, now });
  const directory = createDirectory({ settings, collections, onboarding, now, log });
  const groups = createGroups({ collections, directory, sequence, locks });

  return {
    directory,
    groups,
    ldap: createLdap({ settings, directory, groups }),

    watch: (update) => async (changes, caller) => {
      const before = adminGroup();
      await update(changes, caller);
      if (adminGroup() !== before) await onboarding.withdrawAdmins();
    },
  };
}
