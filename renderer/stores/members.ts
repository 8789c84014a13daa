import { defineStore } from "pinia";
import type { Member, members as operations } from "../../registry/contract/members.ts";
import type { Input } from "../../registry/contract/operation.ts";
import type { RoleId } from "../../registry/contract/permission.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

/** Somebody who may become a member. Without an id only the directory knows them so far: a group there by its `dn`. */
export interface Candidate {
  kind: "user" | "group";
  id?: number;
  name: string;
  dn?: string;
}

/** The members of the open project. */
export const useMembers = defineStore("members", () => {
  const client = useClient();
  let shown: string | undefined;
  const listing = createListing((query: Input<typeof operations.list>) => {
    shown = String(query.project_name_or_id);
    return client.members.list(query);
  });
  useEvents().follow(
    (event) => event.name === "project.changed" && event.project_name === shown,
    () => void listing.refresh(),
  );

  async function add(
    project: string,
    { kind, id, name, dn = "" }: Candidate,
    role_id: RoleId,
  ): Promise<void> {
    const who =
      kind === "group"
        ? { member_group: id === undefined ? { group_name: name, ldap_group_dn: dn } : { id } }
        : { member_user: id === undefined ? { username: name } : { user_id: id } };
    await client.members.create({ project_name_or_id: project, role_id, ...who });
  }

  async function setRole(project: string, { id }: Member, role_id: RoleId): Promise<void> {
    await client.members.update({ project_name_or_id: project, mid: id, role_id });
    await listing.refresh();
  }

  async function remove(project: string, { id }: Member): Promise<void> {
    await client.members.remove({ project_name_or_id: project, mid: id });
    await listing.refresh();
  }

  /** A member who was removed, with the same role again. */
  async function bringBack(project: string, member: Member): Promise<void> {
    const kind = member.entity_type === "g" ? "group" : "user";
    await add(project, { kind, id: member.entity_id, name: member.entity_name }, member.role_id as RoleId);
    await listing.refresh();
  }

  return { ...listing, add, setRole, remove, bringBack };
});
