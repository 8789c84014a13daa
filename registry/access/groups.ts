import { Fault } from "../contract/fault.ts";
import type { usergroups as operations } from "../contract/ldap.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Collections, GroupDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { listingOf } from "../store/query.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Caller } from "./caller.ts";
import { findGroup } from "./directory-groups.ts";
import type { LdapDirectory } from "./directory.ts";
import { canonicalDn } from "./distinguished-names.ts";

export interface Groups {
  usergroups: Handlers<typeof operations, Caller>;
  /** The group of that DN, however it is spelt, if it is known here. */
  find(dn: string): Promise<GroupDocument | undefined>;
  /** That group, made known here if it is not yet. Throws `NOT_FOUND`, `PRECONDITION`, `SERVICE_UNAVAILABLE`. */
  adopt(dn: string, name?: string): Promise<GroupDocument>;
}

interface Deps {
  collections: Pick<Collections, "groups" | "members">;
  directory: Pick<LdapDirectory, "active" | "ask">;
  sequence: Sequence;
  locks: Locks;
}

const listed = ["id", "group_name", "group_type", "ldap_group_dn"] as const;
/** Harbor's number for a group of an LDAP directory. */
export const ldapGroup = 1;

/** Groups of the directory that are known here, so that they can be members of projects. Harbor API 9. */
export function createGroups({ collections, directory, sequence, locks }: Deps): Groups {
  const { groups, members } = collections;

  async function find(dn: string): Promise<GroupDocument | undefined> {
    const wanted = canonicalDn(dn);
    const known = await groups.list();
    return known.find((group) => canonicalDn(group.ldap_group_dn) === wanted);
  }

  async function locate(id: number): Promise<GroupDocument> {
    const found = await groups.get(String(id));
    if (!found) throw new Fault("NOT_FOUND", `there is no group ${id}`);
    return found;
  }

  async function insert(dn: string, name: string | undefined): Promise<GroupDocument> {
    if (!directory.active())
      throw new Fault("PRECONDITION", "groups come from a directory: switch to LDAP in the settings first");
    const found = await directory.ask((connection, settings) => findGroup(connection, settings, dn));
    if (!found) throw new Fault("NOT_FOUND", `the directory has no group ${dn}`);
    const group = {
      id: await sequence.next("groups"),
      group_name: name || found.group_name,
      group_type: ldapGroup,
      ldap_group_dn: found.ldap_group_dn,
    };
    await groups.insert(group);
    return group;
  }

  return {
    find,

    adopt: (dn, name) => locks.lock("groups", async () => (await find(dn)) ?? insert(dn, name)),

    usergroups: {
      async list(input) {
        const listing = listingOf<GroupDocument>(input, { fields: listed, sort: ["group_name"] });
        const where = {
          ...listing.where,
          ...(input.group_name === undefined ? {} : { group_name: { contains: input.group_name } }),
          ...(input.ldap_group_dn === undefined ? {} : { id: (await find(input.ldap_group_dn))?.id ?? 0 }),
        };
        const items = await groups.list({ ...listing, where });
        return { items: items.map(toGroup), total: await groups.count(where) };
      },

      async search({ groupname, page, page_size }) {
        const where = { group_name: { contains: groupname } };
        const skip = (page - 1) * page_size;
        const items = await groups.list({ where, sort: ["group_name"], skip, limit: page_size });
        return { items: items.map(toGroup), total: await groups.count(where) };
      },

      create({ ldap_group_dn, group_name }) {
        return locks.lock("groups", async () => {
          if (await find(ldap_group_dn))
            throw new Fault("CONFLICT", `the group ${ldap_group_dn} is known already`);
          return { id: (await insert(ldap_group_dn, group_name)).id };
        });
      },

      async update({ group_id, group_name }) {
        const { id } = await locate(group_id);
        await groups.update(String(id), { group_name });
      },

      async remove({ group_id }) {
        const { id } = await locate(group_id);
        // Rights first: what is half forgotten must not be half allowed.
        await members.removeAll({ entity_type: "g", entity_id: id });
        await groups.remove(String(id));
      },
    },
  };
}

function toGroup({ id, group_name, group_type, ldap_group_dn }: GroupDocument) {
  return { id, group_name, group_type, ldap_group_dn };
}
