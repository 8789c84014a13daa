import { Fault } from "../contract/fault.ts";
import type { Access } from "../contract/operation.ts";
import { roles as roleIds, type Permission } from "../contract/permission.ts";
import type {
  Collections,
  MemberDocument,
  ProjectDocument,
  RobotDocument,
  UserDocument,
} from "../store/collections.ts";
import type { Caller, Grant } from "./caller.ts";
import { projectsOf, robotHolds, robotHoldsSystem, type SystemPermission } from "./grantable.ts";
import { anybodyHolds, permissionsOf, roleHolds } from "./roles.ts";

type RepositoryPermission = "repository:pull" | "repository:push" | "repository:delete";

export interface Authorize {
  /**
   * For an operation: throws `UNAUTHORIZED` to who is not signed in, `FORBIDDEN` to who is, `NOT_FOUND` to an administrator,
   * and `PRECONDITION` to a robot where only a person can be meant.
   */
  operation(caller: Caller, access: Access, input: Record<string, unknown>): Promise<void>;
  /** The project, if the caller may do that in it; `undefined` alike for one that is missing and one that is out of reach. */
  project(caller: Caller, permission: Permission, which: unknown): Promise<ProjectDocument | undefined>;
  holds(caller: Caller, permission: Permission, project: ProjectDocument): Promise<boolean>;
  /** What is outside of projects: an administrator holds it, and a robot that was given it. */
  system(caller: Caller, permission: SystemPermission): boolean;
  /** The projects in which a robot was given that: by number, or all of them. What anybody may do in public ones is not among it. */
  projectsOf(robot: RobotDocument, permission: Permission): number[] | "all";
  /** For `/v2/`: the repository's project. Throws `UNAUTHORIZED` with the scope that would do; a stranger learns nothing. */
  repository(caller: Caller, permission: RepositoryPermission, name: string): Promise<ProjectDocument>;
  /**
   * Whether the caller may do that in the repository. Throws `UNAUTHORIZED`, naming `needs` and this scope,
   * when only the caller's token is too narrow: a wider one can be had.
   */
  may(
    caller: Caller,
    permission: RepositoryPermission,
    name: string,
    needs?: readonly Grant[],
  ): Promise<boolean>;
  /** What a token may be given for a repository: `pull`, `push`, `delete`. */
  actions(caller: Caller, name: string): Promise<string[]>;
  catalog(caller: Caller): Promise<void>;
  login(caller: Caller): Promise<void>;
  /** The caller's roles in the project, the strongest first. */
  roles(caller: Caller, project: ProjectDocument): Promise<number[]>;
  /** A user's own memberships, and those of the groups that the directory last named. */
  memberships(user: UserDocument): Promise<MemberDocument[]>;
}

/** Harbor: rbac 1. */
const byStrength = [
  roleIds.projectAdmin,
  roleIds.maintainer,
  roleIds.developer,
  roleIds.guest,
  roleIds.limitedGuest,
];

/** The only place that decides who may do what. It reads the stored roles each time, so a change acts on the next request. */
export function createAuthorize(
  { projects, members }: Pick<Collections, "projects" | "members">,
  readOnly: () => boolean,
): Authorize {
  async function roles({ user }: Caller, { project_id }: ProjectDocument): Promise<number[]> {
    if (!user) return [];
    const own = await members.find({ project_id, entity_type: "u", entity_id: user.user_id });
    const held = new Set([...(own ? [own] : []), ...(await throughGroups(user, { project_id }))].map(roleOf));
    return byStrength.filter((role) => held.has(role));
  }

  async function throughGroups(
    { group_ids = [] }: UserDocument,
    where: { project_id?: number },
  ): Promise<MemberDocument[]> {
    if (group_ids.length === 0) return [];
    return members.list({ where: { ...where, entity_type: "g", entity_id: { in: group_ids } } });
  }

  async function holds(caller: Caller, permission: Permission, project: ProjectDocument): Promise<boolean> {
    if (caller.user?.sysadmin_flag) return true;
    if (project.public && anybodyHolds(permission)) return true;
    if (caller.robot) return robotHolds(caller.robot, permission, project);
    return (await roles(caller, project)).some((role) => roleHolds(role, permission));
  }

  async function findProject(which: unknown): Promise<ProjectDocument | undefined> {
    if (typeof which === "number") return projects.get(String(which));
    return typeof which === "string" ? projects.find({ name: which }) : undefined;
  }

  async function project(
    caller: Caller,
    permission: Permission,
    which: unknown,
  ): Promise<ProjectDocument | undefined> {
    const found = await findProject(which);
    return found && (await holds(caller, permission, found)) ? found : undefined;
  }

  const system = ({ user, robot }: Caller, permission: SystemPermission): boolean =>
    user?.sysadmin_flag === true || (robot !== undefined && robotHoldsSystem(robot, permission));

  const ofRepository = (name: string): Promise<ProjectDocument | undefined> =>
    projects.find({ name: name.slice(0, name.indexOf("/")) });

  return {
    roles,
    memberships: async (user) => [
      ...(await members.list({ where: { entity_type: "u", entity_id: user.user_id } })),
      ...(await throughGroups(user, {})),
    ],
    holds,
    project,
    system,
    projectsOf,

    async operation(caller, access, input) {
      if (access === "anyone") return;
      if (access === "user" || access === "account" || access === "admin") {
        if (!isKnown(caller)) throw new Fault("UNAUTHORIZED", "sign in first");
        if (access === "admin" && !caller.user?.sysadmin_flag) {
          throw new Fault("FORBIDDEN", "only a system administrator may do that");
        }
        // Harbor's answer to a robot that asks who it is. Harbor: rbac 10.
        if (access === "user" && caller.robot)
          throw new Fault("PRECONDITION", "that is for people: a robot has no such thing");
        return;
      }
      const which = input.project_name_or_id ?? input.project_name;
      const found = await project(caller, access, which);
      if (found) return assertGives(caller, input.role_id, found);
      if (!isKnown(caller)) throw new Fault("UNAUTHORIZED", "sign in first");
      if (caller.user?.sysadmin_flag) throw new Fault("NOT_FOUND", `there is no project ${String(which)}`);
      throw new Fault("FORBIDDEN", `you have no right to do that in project ${String(which)}`);
    },

    async repository(caller, permission, name) {
      const action = permission.slice("repository:".length);
      const found = await ofRepository(name);
      if (found && granted(caller, name, action, found) && (await holds(caller, permission, found))) {
        if (action !== "pull" && readOnly()) {
          throw new Fault(
            "DENIED",
            "the registry is read-only at the moment: an administrator has set it so",
          );
        }
        if (action === "push" && found.registry_id !== undefined) {
          throw new Fault(
            "DENIED",
            `project ${found.name} keeps what it fetches from another registry: push to another project`,
          );
        }
        return found;
      }
      const scope = [{ type: "repository", name, actions: action === "push" ? ["pull", "push"] : [action] }];
      throw new Fault(
        "UNAUTHORIZED",
        isKnown(caller) ? refusal(caller, action, name, found) : `sign in to ${action} ${name}`,
        scope,
      );
    },

    async may(caller, permission, name, needs = []) {
      const action = permission.slice("repository:".length);
      const found = await ofRepository(name);
      if (!found || !(await holds(caller, permission, found))) return false;
      if (granted(caller, name, action, found)) return true;
      throw new Fault("UNAUTHORIZED", `the token does not allow to ${action} ${name}`, [
        ...needs,
        { type: "repository", name, actions: [action] },
      ]);
    },

    async actions(caller, name) {
      const found = await ofRepository(name);
      if (!found) return [];
      const allowed: string[] = [];
      for (const action of ["pull", "push", "delete"] as const) {
        if (await holds(caller, `repository:${action}`, found)) allowed.push(action);
      }
      return allowed;
    },

    catalog(caller) {
      const scope = [{ type: "registry", name: "catalog", actions: ["*"] }];
      const wide =
        !caller.grants ||
        caller.grants.some((grant) => grant.type === "registry" && grant.name === "catalog");
      if (system(caller, "catalog:read") && wide) return Promise.resolve();
      return Promise.reject(
        new Fault("UNAUTHORIZED", "only a system administrator may list the catalog", scope),
      );
    },

    login(caller) {
      if (isKnown(caller)) return Promise.resolve();
      return Promise.reject(new Fault("UNAUTHORIZED", "sign in first"));
    },
  };
}

const isKnown = ({ user, robot }: Caller): boolean => user !== undefined || robot !== undefined;

/** A person who makes members holds every role; a robot may hold just that, and must not raise somebody above itself. */
function assertGives({ robot }: Caller, role: unknown, project: ProjectDocument): void {
  if (!robot || role === undefined) return;
  const beyond = permissionsOf(Number(role)).find((permission) => !robotHolds(robot, permission, project));
  if (beyond === undefined) return;
  throw new Fault("FORBIDDEN", `a robot gives no role that may do more than itself: this one has ${beyond}`);
}

/** Whether a token that was made for certain repositories covers this one: a project made after it is another project. */
function granted(caller: Caller, name: string, action: string, project: ProjectDocument): boolean {
  if (!caller.grants) return true;
  if (caller.issued !== undefined && caller.issued < project.creation_time) return false;
  return caller.grants.some(
    (grant) => grant.type === "repository" && grant.name === name && grant.actions.includes(action),
  );
}

/** Only who may see every project is told which of the two it is. */
function refusal(caller: Caller, action: string, name: string, found: ProjectDocument | undefined): string {
  const project = name.slice(0, name.indexOf("/"));
  if (!caller.user?.sysadmin_flag || found) {
    return `project ${project} does not exist, or you have no right to ${action} there`;
  }
  return `project ${project} does not exist${action === "push" ? ": create it first, then push again" : ""}`;
}

function roleOf({ role_id }: MemberDocument): number {
  return role_id;
}
