import { Fault } from "../contract/fault.ts";
import type { Member, members as operations } from "../contract/members.ts";
import type { Handlers } from "../contract/operation.ts";
import { roles } from "../contract/permission.ts";
import type { Events } from "../events.ts";
import type { Collections, MemberDocument, ProjectDocument } from "../store/collections.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Caller } from "./caller.ts";

interface Deps {
  collections: Collections;
  events: Events;
  sequence: Sequence;
}

export function createMembers({ collections, events, sequence }: Deps): Handlers<typeof operations, Caller> {
  const { projects, members, users } = collections;

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
    const entity_name = (await users.get(String(entity_id)))?.username ?? "";
    const role_name = Object.entries(roles).find(([, known]) => known === role_id)?.[0] ?? "";
    return { id, project_id, entity_id, entity_name, entity_type, role_id, role_name };
  }

  /** The id alone says nothing: a member of another project is not there. */
  async function locate(project: ProjectDocument, mid: number, caller: Caller): Promise<MemberDocument> {
    const member = await members.get(String(mid));
    if (member?.project_id !== project.project_id) {
      throw new Fault("NOT_FOUND", `project ${project.name} has no member ${mid}`);
    }
    if (member.entity_id === caller.user?.user_id) {
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

    async create({ project_name_or_id, role_id, member_user }) {
      const project = await locateProject(project_name_or_id);
      const { user_id, username } = member_user;
      const byId = user_id === undefined ? undefined : await users.get(String(user_id));
      const user = byId ?? (username === undefined ? undefined : await users.find({ username }));
      if (!user) throw new Fault("NOT_FOUND", `there is no user ${username ?? user_id ?? ""}`);
      const member: MemberDocument = {
        id: await sequence.next("members"),
        project_id: project.project_id,
        entity_id: user.user_id,
        entity_type: "u",
        role_id,
      };
      const same = {
        project_id: member.project_id,
        entity_type: member.entity_type,
        entity_id: member.entity_id,
      };
      if (await members.find(same))
        throw new Fault("CONFLICT", `${user.username} is a member of ${project.name} already`);
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
      const { id } = await locate(project, mid, caller);
      await members.remove(String(id));
      changed(project);
    },
  };
}
