import type { z } from "zod";
import { Fault } from "../contract/fault.ts";
import type { Member, members as operations } from "../contract/members.ts";
import type { Handlers } from "../contract/operation.ts";
import { roles } from "../contract/permission.ts";
import type { Events } from "../events.ts";
import type {
  Collections,
  GroupDocument,
  MemberDocument,
  ProjectDocument,
  UserDocument,
} from "../store/collections.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Caller } from "./caller.ts";
import type { LdapDirectory } from "./directory.ts";
import type { Groups } from "./groups.ts";

interface Deps {
  collections: Collections;
  /** Makes a person of the directory known who is not yet. */
  directory: Pick<LdapDirectory, "active" | "introduce">;
  groups: Pick<Groups, "adopt">;
  events: Events;
  sequence: Sequence;
}

type Asked = Pick<z.output<typeof operations.create.input>, "member_user" | "member_group">;

/** Who, or which group, is to be a member. */
interface Entity {
  entity_type: "u" | "g";
  entity_id: number;
  name: string;
}

export function createMembers({
  collections,
  directory,
  groups: known,
  events,
  sequence,
}: Deps): Handlers<typeof operations, Caller> {
  const { projects, members, users, groups } = collections;

  async function locateProject(which: string | number): Promise<ProjectDocument> {
    const found =
      typeof which === "number" ? await projects.get(String(which)) : await projects.find({ name: which });
    if (!found) throw new Fault("NOT_FOUND", `there is no project ${which}`);
    return found;
  }

  async function toMember({
    id,
    project_id,
    entity_id,
    entity_type,
    role_id,
  }: MemberDocument): Promise<Member> {
    const key = String(entity_id);
    const entity_name =
      entity_type === "g" ? (await groups.get(key))?.group_name : (await users.get(key))?.username;
    const role_name = Object.entries(roles).find(([, known]) => known === role_id)?.[0] ?? "";
    return { id, project_id, entity_id, entity_name: entity_name ?? "", entity_type, role_id, role_name };
  }

  async function userOf({ user_id, username }: NonNullable<Asked["member_user"]>): Promise<UserDocument> {
    const byId = user_id === undefined ? undefined : await users.get(String(user_id));
    const user = byId ?? (username === undefined ? undefined : await users.find({ username }));
    if (user) return user;
    // Harbor: rbac 7.3; who has not signed in yet can be a member already.
    if (username !== undefined && directory.active()) return directory.introduce(username);
    throw new Fault("NOT_FOUND", `there is no user ${username ?? user_id ?? ""}`);
  }

  async function groupOf(asked: NonNullable<Asked["member_group"]>): Promise<GroupDocument> {
    const group = asked.id === undefined ? undefined : await groups.get(String(asked.id));
    if (group) return group;
    if (asked.ldap_group_dn) return known.adopt(asked.ldap_group_dn, asked.group_name);
    throw new Fault("NOT_FOUND", `there is no group ${asked.id ?? ""}`);
  }

  async function entityOf({ member_user, member_group }: Asked): Promise<Entity> {
    if ((member_user === undefined) === (member_group === undefined))
      throw new Fault("BAD_REQUEST", "name a user or a group, and not both");
    if (member_group) {
      const { id, group_name } = await groupOf(member_group);
      return { entity_type: "g", entity_id: id, name: group_name };
    }
    const { user_id, username } = await userOf(member_user ?? {});
    return { entity_type: "u", entity_id: user_id, name: username };
  }

  /** The id alone says nothing: a member of another project is not there. */
  async function locate(project: ProjectDocument, mid: number, caller: Caller): Promise<MemberDocument> {
    const member = await members.get(String(mid));
    if (member?.project_id !== project.project_id) {
      throw new Fault("NOT_FOUND", `project ${project.name} has no member ${mid}`);
    }
    if (member.entity_type === "u" && member.entity_id === caller.user?.user_id) {
      throw new Fault("FORBIDDEN", "you cannot change your own membership: ask another project admin");
    }
    return member;
  }

  const changed = ({ project_id, name }: ProjectDocument): void =>
    events.emit({ name: "project.changed", project_id, project_name: name });

  return {
    async list({ project_name_or_id, entityname, page, page_size }) {
      const { project_id } = await locateProject(project_name_or_id);
      const all = await Promise.all((await members.list({ where: { project_id } })).map(toMember));
      const part = entityname?.toLowerCase() ?? "";
      const found = all.filter((member) => member.entity_name.toLowerCase().includes(part));
      found.sort((a, b) => (a.entity_name < b.entity_name ? -1 : 1));
      return { items: found.slice((page - 1) * page_size, page * page_size), total: found.length };
    },

    async create({ project_name_or_id, role_id, ...asked }) {
      const project = await locateProject(project_name_or_id);
      const { name, ...entity } = await entityOf(asked);
      const same = { project_id: project.project_id, ...entity };
      if (await members.find(same))
        throw new Fault("CONFLICT", `${name} is a member of ${project.name} already`);
      const member: MemberDocument = { id: await sequence.next("members"), ...same, role_id };
      await members.insert(member);
      changed(project);
      return { id: member.id };
    },

    async update({ project_name_or_id, mid, role_id }, caller) {
      const project = await locateProject(project_name_or_id);
      const { id } = await locate(project, mid, caller);
      await members.update(String(id), { role_id });
      changed(project);
    },

    async remove({ project_name_or_id, mid }, caller) {
      const project = await locateProject(project_name_or_id);
      const { id, entity_type, entity_id } = await locate(project, mid, caller);
      await members.remove(String(id));
      changed(project);
      const { project_id } = project;
      // Who is no member any more would not hear that the project has changed.
      if (entity_type === "u") events.emit({ name: "member.removed", project_id, user_id: entity_id });
    },
  };
}
