import { Fault } from "../contract/fault.ts";
import type { Collections, UserDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { canonicalDn } from "./distinguished-names.ts";
import type { Person } from "./people.ts";
import { adminId } from "./users.ts";

export interface Onboarding {
  /**
   * The user that a person of the directory is here: made the first time, and after that brought up to date, with the
   * groups that are known here and the administrator group's right.
   *
   * Throws `CONFLICT` where the name is somebody else's here.
   */
  keep(person: Person): Promise<UserDocument>;
  /** Takes from everybody the right that the administrator group gave, until their next sign-in. */
  withdrawAdmins(): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "users" | "groups">;
  sequence: Sequence;
  locks: Locks;
  /** The administrator group's DN; empty for none. */
  adminGroup(): string;
  now: () => Date;
}

export function createOnboarding({ collections, sequence, locks, adminGroup, now }: Deps): Onboarding {
  const { users, groups } = collections;

  async function groupIds(dns: ReadonlySet<string | undefined>): Promise<number[]> {
    const known = await groups.list();
    return known.filter((group) => dns.has(canonicalDn(group.ldap_group_dn))).map((group) => group.id);
  }

  /** An address that is another's stays the other's: people are never told apart, or made one, by their mail. */
  async function emailFor(person: Person, user_id: number): Promise<string> {
    const holder = person.email === undefined ? undefined : await users.find({ email: person.email });
    if (person.email !== undefined && (holder === undefined || holder.user_id === user_id))
      return person.email;
    const name = person.username.replace(/[^a-z0-9]+/g, "-").slice(0, 40);
    return `${name}.${user_id}@placeholder.invalid`;
  }

  async function current(person: Person, before: UserDocument | undefined) {
    const dns = new Set(person.group_dns.map(canonicalDn));
    dns.delete(undefined);
    const byGroup = adminGroup() !== "" && dns.has(canonicalDn(adminGroup()));
    // Who was made an administrator by hand stays one; the group's right comes and goes with the group.
    const byHand = before?.sysadmin_flag === true && before.admin_by_group !== true;
    return {
      realname: person.realname,
      directory_name: person.directory_name,
      group_ids: await groupIds(dns),
      sysadmin_flag: byHand || byGroup,
      admin_by_group: byGroup && !byHand,
    };
  }

  async function refresh(user: UserDocument, person: Person): Promise<UserDocument> {
    if (user.source !== "ldap" || user.directory_name !== person.directory_name) {
      throw new Fault(
        "CONFLICT",
        `the name ${person.username} is somebody else's here: ask an administrator`,
      );
    }
    const change = { ...(await current(person, user)), email: await emailFor(person, user.user_id) };
    const same = Object.entries(change).every(
      ([field, value]) => JSON.stringify(user[field as keyof UserDocument]) === JSON.stringify(value),
    );
    if (same) return user;
    const next = { ...change, update_time: now().toISOString() };
    await users.update(String(user.user_id), next);
    return { ...user, ...next };
  }

  async function make(person: Person): Promise<UserDocument> {
    const user_id = adminId + (await sequence.next("users"));
    const time = now().toISOString();
    const user: UserDocument = {
      user_id,
      username: person.username,
      email: await emailFor(person, user_id),
      comment: "from the directory",
      source: "ldap",
      ...(await current(person, undefined)),
      creation_time: time,
      update_time: time,
    };
    await users.insert(user);
    return user;
  }

  return {
    keep(person) {
      return locks.lock([`user:${person.username}`, `email:${person.email ?? ""}`], async () => {
        const user = await users.find({ username: person.username });
        return user ? refresh(user, person) : make(person);
      });
    },

    async withdrawAdmins() {
      for (const user of await users.list({ where: { admin_by_group: true } })) {
        const change = { sysadmin_flag: false, admin_by_group: false };
        await users.update(String(user.user_id), change);
      }
    },
  };
}
