import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import { roles } from "../contract/permission.ts";
import type { Robot, robots as operations } from "../contract/robots.ts";
import type { Settings } from "../contract/configuration.ts";
import type { Events } from "../events.ts";
import type { Collections, ProjectDocument, RobotDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { listingOf, parseQuery } from "../store/query.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Authorize } from "./authorize.ts";
import type { Caller } from "./caller.ts";
import { grantableOf } from "./grantable.ts";
import { createGranting } from "./granting.ts";
import type { Passwords } from "./passwords.ts";
import { createRobotAccess } from "./robot-access.ts";
import { createRobotProof, type RobotProof } from "./robot-proof.ts";
import { digestOfSecret, hashGivenSecret, makeSecret } from "./robot-secrets.ts";
import type { Throttle } from "./throttle.ts";
import { adminId } from "./users.ts";

export interface RobotsDeps {
  collections: Collections;
  settings: { readonly current: Pick<Settings, "robot_token_duration"> };
  authorize: Authorize;
  passwords: Passwords;
  throttle: Throttle;
  events: Events;
  locks: Locks;
  sequence: Sequence;
  now: () => Date;
}

export interface Robots extends RobotProof {
  robots: Handlers<typeof operations, Caller>;
  /** Removes a project's robots, and what others may do in it. */
  removeProject(project_id: number): Promise<void>;
}

/** With a character that no user's name has, so that nobody is taken for a robot. */
export const robotPrefix = "robot$";
const day = 24 * 60 * 60;
const longestName = 255;
const listed = ["id", "name", "disable", "duration", "expires_at", "creation_time", "update_time"] as const;

/** Accounts for programs, of one project or of the system. Harbor API 19. */
export function createRobots(deps: RobotsDeps): Robots {
  const { collections, settings, authorize, passwords, events, locks, sequence, now } = deps;
  const { robots, projects } = collections;
  const granting = createGranting(collections, authorize);
  const { assertMay, locate } = createRobotAccess(collections, authorize);

  function change<T>(caller: Caller, id: number, work: (robot: RobotDocument) => Promise<T>): Promise<T> {
    return locks.lock(`robot:${id}`, async () => work(await locate(caller, "update", id)));
  }

  /** Whoever looks at the project looks at its robots again. */
  function changed(project: Pick<ProjectDocument, "project_id" | "name"> | undefined): void {
    if (!project) return;
    events.emit({ name: "project.changed", project_id: project.project_id, project_name: project.name });
  }
  const changedOf = async ({ project_id }: RobotDocument): Promise<void> =>
    changed(project_id === undefined ? undefined : await projects.get(String(project_id)));

  /** A duration is a robot's whole life, so it counts from its making. Seconds since 1970. */
  function endOf(creation_time: string, duration: number): number {
    return duration === -1 ? -1 : Math.floor(Date.parse(creation_time) / 1000) + duration * day;
  }

  async function insert(robot: Omit<RobotDocument, "id">, project: ProjectDocument | undefined) {
    const taken = await robots.find({ name: robot.name });
    // Left behind by a project of that name, whose removal was cut short.
    const stale = taken !== undefined && taken.project_id !== project?.project_id;
    if (stale) await robots.remove(String(taken.id));
    else if (taken) throw new Fault("CONFLICT", `robot ${robot.name} already exists`);
    if (project && !(await projects.get(String(project.project_id)))) {
      throw new Fault("NOT_FOUND", `project ${project.name} was removed`);
    }
    const id = await sequence.next("robots");
    await robots.insert({ ...robot, id });
    return id;
  }

  /** Whether the user may make robots in any project at all. */
  async function isProjectAdmin({ user }: Caller): Promise<boolean> {
    const held = user ? await authorize.memberships(user) : [];
    return held.some((member) => member.role_id === roles.projectAdmin);
  }

  return {
    ...createRobotProof({ ...deps, robots }),

    async removeProject(project_id) {
      await robots.removeAll({ project_id });
      for (const { id, permissions } of await robots.list({ where: { level: "system" } })) {
        const rest = permissions.filter((given) => given.project_id !== project_id);
        if (rest.length < permissions.length) await robots.update(String(id), { permissions: rest });
      }
    },

    robots: {
      async list(input, caller) {
        const query = parseQuery(input.q);
        const where = placeOf(query);
        const project =
          where.project_id === undefined ? "system" : await projects.get(String(where.project_id));
        await assertMay(caller, "list", project);
        const listing = listingOf<RobotDocument>(input, { fields: listed, sort: ["name"] });
        const narrowed = { ...listing.where, ...where };
        const found = await robots.list({ ...listing, where: narrowed });
        return { items: found.map(toRobot), total: await robots.count(narrowed) };
      },

      async create({ name, level, description, disable, permissions, ...draft }, caller) {
        const project_name = level === "project" ? granting.projectName(permissions) : undefined;
        const project = project_name === undefined ? undefined : await projects.find({ name: project_name });
        await assertMay(caller, "create", level === "system" ? "system" : project);
        const full = robotPrefix + (project ? `${project.name}+${name}` : name);
        if (full.length > longestName) {
          throw new Fault("BAD_REQUEST", `a robot's full name has at most ${longestName} characters`);
        }
        const given = await granting.permissions(caller, level, permissions);
        const secret = makeSecret();
        const creation_time = now().toISOString();
        const duration = draft.duration ?? settings.current.robot_token_duration;
        const expires_at = endOf(creation_time, duration);
        const robot: Omit<RobotDocument, "id"> = {
          name: full,
          description,
          level,
          ...(project ? { project_id: project.project_id } : {}),
          secret: digestOfSecret(secret),
          secret_time: creation_time,
          duration,
          disable,
          expires_at,
          permissions: given,
          creator_id: caller.user?.user_id ?? caller.robot?.creator_id ?? adminId,
          creation_time,
          update_time: creation_time,
        };
        // The lock of a project's removal, so none is made for one on its way out.
        const key = project ? `project:${project.project_id}` : `robots:${full}`;
        const id = await locks.lock(key, () => insert(robot, project));
        changed(project);
        return { id, name: full, secret, creation_time, expires_at };
      },

      async get({ robot_id }, caller) {
        return toRobot(await locate(caller, "read", robot_id));
      },

      async update({ robot_id, name, level, permissions, duration, description, disable }, caller) {
        await change(caller, robot_id, async (robot) => {
          if (name !== robot.name || level !== robot.level) {
            throw new Fault("BAD_REQUEST", `a robot keeps its name and its level: this is ${robot.name}`);
          }
          const given = await granting.permissions(caller, level, permissions);
          if (given.some((one) => level === "project" && one.project_id !== robot.project_id)) {
            throw new Fault("BAD_REQUEST", "a project's robot stays with that project");
          }
          const days = duration ?? robot.duration;
          await robots.update(String(robot_id), {
            description,
            disable,
            permissions: given,
            duration: days,
            expires_at: endOf(robot.creation_time, days),
            update_time: now().toISOString(),
          });
          await changedOf(robot);
        });
      },

      refresh({ robot_id, secret }, caller) {
        return change(caller, robot_id, async () => {
          const made = secret === "" ? makeSecret() : "";
          const kept = made === "" ? await hashGivenSecret(secret, passwords) : digestOfSecret(made);
          const time = now().toISOString();
          await robots.update(String(robot_id), { secret: kept, secret_time: time, update_time: time });
          return { secret: made };
        });
      },

      async remove({ robot_id }, caller) {
        const robot = await locate(caller, "delete", robot_id);
        await locks.lock(`robot:${robot_id}`, () => robots.remove(String(robot_id)));
        await changedOf(robot);
      },

      async permissions(_, caller) {
        if (caller.user?.sysadmin_flag)
          return { system: grantableOf("system"), project: grantableOf("project") };
        if (await isProjectAdmin(caller)) return { project: grantableOf("project") };
        throw new Fault("FORBIDDEN", "robots are for administrators, of the system or of a project");
      },
    },
  };
}

/** Of which level, and project, a list is. Throws `BAD_REQUEST` for a project that is not told by its number. */
function placeOf({ level = "system", project_id }: Record<string, string>): {
  level: RobotDocument["level"];
  project_id?: number;
} {
  if (level === "system") return { level };
  if (level === "project" && /^[1-9]\d{0,14}$/.test(project_id ?? ""))
    return { level, project_id: Number(project_id) };
  throw new Fault("BAD_REQUEST", "a project's robots are asked for with q=Level=project,ProjectID=<number>");
}

/** What is secret is left out by naming what is not. */
function toRobot(robot: RobotDocument): Robot {
  const { id, name, description, level, duration, disable, expires_at, creation_time, update_time } = robot;
  const permissions = robot.permissions.map(({ kind, namespace, access }) => ({ kind, namespace, access }));
  return {
    id,
    name,
    description,
    level,
    duration,
    editable: true,
    disable,
    expires_at,
    permissions,
    creation_time,
    update_time,
  };
}
