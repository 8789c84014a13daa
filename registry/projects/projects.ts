import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Robots } from "../access/robots.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import { roles } from "../contract/permission.ts";
import type { Project, projects as operations } from "../contract/projects.ts";
import type { Events } from "../events.ts";
import type { Collections, ProjectDocument, UserDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { createProjectList, type ProjectList } from "./project-list.ts";
import type { Sizes } from "./sizes.ts";

interface Deps {
  collections: Collections;
  authorize: Authorize;
  events: Events;
  sequence: Sequence;
  locks: Locks;
  sizes: Sizes;
  /** Removes a project's robots. */
  removeRobots: Robots["removeProject"];
  /** Whether only administrators make projects. */
  adminsOnly(): boolean;
  now: () => Date;
}

export interface Projects extends Handlers<typeof operations, Caller>, Pick<ProjectList, "visible"> {
  toProject(project: ProjectDocument, caller: Caller): Promise<Project>;
  locate(which: string | number): Promise<ProjectDocument>;
  ensureLibrary(): Promise<void>;
}

export function createProjects({
  collections,
  authorize,
  events,
  sequence,
  locks,
  sizes,
  removeRobots,
  adminsOnly,
  now,
}: Deps): Projects {
  const { projects, members, repositories, users, policies } = collections;

  async function locate(which: string | number): Promise<ProjectDocument> {
    const found =
      typeof which === "number" ? await projects.get(String(which)) : await projects.find({ name: which });
    if (!found) throw new Fault("NOT_FOUND", `there is no project ${which}`);
    return found;
  }

  async function toProject(project: ProjectDocument, caller: Caller): Promise<Project> {
    const { project_id, owner_id, owner_name, name, creation_time, update_time, metadata } = project;
    const role_ids = await authorize.roles(caller, project);
    return {
      project_id,
      owner_id,
      owner_name,
      name,
      creation_time,
      update_time,
      deleted: false,
      togglable: await authorize.holds(caller, "project:update", project),
      ...(project.registry_id === undefined ? {} : { registry_id: project.registry_id }),
      ...(role_ids[0] === undefined ? {} : { current_user_role_id: role_ids[0] }),
      current_user_role_ids: role_ids,
      repo_count: await repositories.count({ project_id }),
      storage: await sizes.project(project_id),
      metadata: { ...metadata, public: String(project.public) },
    };
  }

  async function insert(
    name: string,
    open: boolean,
    metadata: Record<string, string>,
    owner: { user_id: number; username: string },
    registry_id?: number,
  ) {
    const time = now().toISOString();
    const project: ProjectDocument = {
      project_id: await sequence.next("projects"),
      name,
      owner_id: owner.user_id,
      owner_name: owner.username,
      public: open,
      metadata,
      ...(registry_id === undefined ? {} : { registry_id }),
      creation_time: time,
      update_time: time,
    };
    if (await projects.find({ name })) throw new Fault("CONFLICT", `project ${name} already exists`);
    // The membership first: alone it is harmless, whereas a project without an admin would keep its name for nobody.
    await members.insert({
      id: await sequence.next("members"),
      project_id: project.project_id,
      entity_id: owner.user_id,
      entity_type: "u",
      role_id: roles.projectAdmin,
    });
    await projects.insert(project);
    return project;
  }

  /** Who owns a project that the caller makes: a robot's are its maker's, or when that user is gone the administrator's. */
  async function ownerFor(caller: Caller): Promise<UserDocument> {
    const { user, robot } = caller;
    if (robot && authorize.system(caller, "project:create")) {
      const owner = (await users.get(String(robot.creator_id))) ?? (await users.get("1"));
      if (owner) return owner;
    }
    if (!user) throw new Fault("FORBIDDEN", "this robot may create no projects");
    if (adminsOnly() && !user.sysadmin_flag) {
      throw new Fault("FORBIDDEN", "only system administrators may create projects here");
    }
    return user;
  }

  /** What a proxy project fetches is fetched with the endpoint's credentials: that is an administrator's to give. */
  async function upstreamOf(registry_id: number | null | undefined, { user }: Caller) {
    if (registry_id === undefined || registry_id === null || registry_id === 0) return undefined;
    if (!user?.sysadmin_flag)
      throw new Fault("FORBIDDEN", "only system administrators make projects that fetch from an endpoint");
    if (!(await collections.registries.get(String(registry_id))))
      throw new Fault("NOT_FOUND", `there is no endpoint ${registry_id}`);
    return registry_id;
  }

  async function whyNot(project: ProjectDocument): Promise<string | undefined> {
    const { project_id } = project;
    const rules = await policies.list({ where: { project_id }, sort: ["id"] });
    if (rules.length > 0) {
      const names = rules.map((rule) => rule.name).join(", ");
      return `project ${project.name} has replication rules: delete ${names} first`;
    }
    const count = await repositories.count({ project_id });
    if (count === 0) return undefined;
    const held = count === 1 ? "a repository" : `${count} repositories`;
    return `project ${project.name} holds ${held}: delete ${count === 1 ? "it" : "them"} first`;
  }

  const list = createProjectList({ collections, authorize, toProject });

  return {
    ...list,
    toProject,
    locate,

    async ensureLibrary() {
      if (await projects.find({ name: "library" })) return;
      const admin = await users.get("1");
      if (admin) await insert("library", true, {}, admin);
    },

    async create({ project_name, metadata, ...draft }, caller) {
      const owner = await ownerFor(caller);
      const { open, rest } = settingsOf(draft.public, metadata);
      assertFew(rest);
      const registry_id = await upstreamOf(draft.registry_id, caller);
      const project = await locks.lock(`projects:${project_name}`, () =>
        insert(project_name, open ?? false, rest, owner, registry_id),
      );
      events.emit({ name: "project.created", project_id: project.project_id, project_name });
      return { id: project.project_id };
    },

    async exists({ project_name }, caller) {
      const found = await projects.find({ name: project_name });
      if (!found || !(await authorize.holds(caller, "project:read", found))) {
        throw new Fault("NOT_FOUND", `there is no project ${project_name}`);
      }
    },

    async get({ project_name_or_id }, caller) {
      return toProject(await locate(project_name_or_id), caller);
    },

    async update({ project_name_or_id, metadata, ...change }) {
      const project = await locate(project_name_or_id);
      const { open, rest } = settingsOf(change.public, metadata);
      await locks.lock(`project:${project.project_id}`, async () => {
        const current = await locate(project.project_id);
        const all = { ...current.metadata, ...rest };
        assertFew(all);
        await projects.update(String(project.project_id), {
          public: open ?? current.public,
          metadata: all,
          update_time: now().toISOString(),
        });
      });
      events.emit({ name: "project.changed", project_id: project.project_id, project_name: project.name });
    },

    async remove({ project_name_or_id }) {
      const project = await locate(project_name_or_id);
      // The same lock as a repository's birth, so none is born in a project on its way out.
      await locks.lock(`project:${project.project_id}`, async () => {
        const reason = await whyNot(project);
        if (reason) throw new Fault("PRECONDITION", reason);
        await projects.remove(String(project.project_id));
        await members.removeAll({ project_id: project.project_id });
        await removeRobots(project.project_id);
      });
      events.emit({ name: "project.removed", project_id: project.project_id });
    },

    async deletable({ project_name_or_id }) {
      const message = await whyNot(await locate(project_name_or_id));
      return message === undefined ? { deletable: true } : { deletable: false, message };
    },

    async summary({ project_name_or_id }, caller) {
      const project = await locate(project_name_or_id);
      const { project_id } = project;
      const role = (role_id: number) => members.count({ project_id, role_id });
      return {
        repo_count: await repositories.count({ project_id }),
        ...((await authorize.holds(caller, "quota:read", project)) && {
          quota: { hard: { storage: -1 }, used: { storage: await sizes.project(project_id) } },
        }),
        ...((await authorize.holds(caller, "member:list", project)) && {
          project_admin_count: await role(roles.projectAdmin),
          maintainer_count: await role(roles.maintainer),
          developer_count: await role(roles.developer),
          guest_count: await role(roles.guest),
          limited_guest_count: await role(roles.limitedGuest),
        }),
      };
    },
  };
}

/** Settings that a project may have: a few, for all of them are in every answer. */
const mostSettings = 50;

function assertFew(metadata: Record<string, string>): void {
  if (Object.keys(metadata).length > mostSettings)
    throw new Fault("BAD_REQUEST", `a project has ${mostSettings} settings at most`);
}

/** `metadata.public` is a word, and counts more than the bare flag of Harbor 1.x. Harbor API 4.1. */
function settingsOf(flag: boolean | undefined, metadata: Record<string, string> | null | undefined) {
  const { public: word, retention_id, ...rest } = metadata ?? {};
  if (retention_id !== undefined) throw new Fault("BAD_REQUEST", "retention_id is set by the registry alone");
  if (word === undefined || word === "") return { open: flag, rest };
  if (word !== "true" && word !== "false") throw new Fault("BAD_REQUEST", "metadata.public is true or false");
  return { open: word === "true", rest };
}
