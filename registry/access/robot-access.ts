import { Fault } from "../contract/fault.ts";
import type { Collections, ProjectDocument, RobotDocument } from "../store/collections.ts";
import type { Authorize } from "./authorize.ts";
import type { Caller } from "./caller.ts";

export type RobotAction = "create" | "read" | "update" | "delete" | "list";

export interface RobotAccess {
  /** Throws `FORBIDDEN`, and `NOT_FOUND` to an administrator for a project that is not there. */
  assertMay(
    caller: Caller,
    action: RobotAction,
    place: ProjectDocument | "system" | undefined,
  ): Promise<void>;
  /** The robot, for who may do that with it. One out of reach is as good as not there. Throws `FORBIDDEN`, `NOT_FOUND`. */
  locate(caller: Caller, action: RobotAction, id: number): Promise<RobotDocument>;
}

/** A project's robots are for those who hold `robot:…` in it, the system's for who holds it in the system. */
export function createRobotAccess(
  { robots, projects }: Pick<Collections, "robots" | "projects">,
  authorize: Pick<Authorize, "holds" | "system">,
): RobotAccess {
  async function may(
    caller: Caller,
    action: RobotAction,
    place: ProjectDocument | "system" | undefined,
  ): Promise<boolean> {
    if (place === "system") return authorize.system(caller, `robot:${action}`);
    return place !== undefined && authorize.holds(caller, `robot:${action}`, place);
  }

  async function placeOf({
    level,
    project_id,
  }: RobotDocument): Promise<ProjectDocument | "system" | undefined> {
    return level === "system" ? level : projects.get(String(project_id));
  }

  return {
    async assertMay(caller, action, place) {
      if (await may(caller, action, place)) return;
      if (place === "system")
        throw new Fault("FORBIDDEN", "robots of the system are for a system administrator");
      if (caller.user?.sysadmin_flag) throw new Fault("NOT_FOUND", "there is no such project");
      throw new Fault("FORBIDDEN", `you have no right to ${action} robots of that project`);
    },

    async locate(caller, action, id) {
      const robot = await robots.get(String(id));
      if (robot && (await may(caller, action, await placeOf(robot)))) return robot;
      if (caller.user?.sysadmin_flag) throw new Fault("NOT_FOUND", `there is no robot ${id}`);
      throw new Fault("FORBIDDEN", `you have no right to ${action} robot ${id}`);
    },
  };
}
