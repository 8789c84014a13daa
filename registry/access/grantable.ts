import type { Permission } from "../contract/permission.ts";
import type { ProjectDocument, RobotDocument } from "../store/collections.ts";

/** What is outside of any project. A system administrator holds all of it. */
export type SystemPermission =
  | "catalog:read"
  | "project:create"
  | "project:list"
  | "robot:create"
  | "robot:read"
  | "robot:update"
  | "robot:delete"
  | "robot:list";

/**
 * Whether a robot may be given it. Harbor: rbac 3.
 *
 * None may change robots: with a new secret a robot would be another one, and that may hold more.
 */
const ofProject: Record<Permission, boolean> = {
  "project:read": true,
  "project:update": true,
  "project:delete": true,
  "member:list": true,
  "member:create": true,
  "member:update": true,
  "member:delete": true,
  "log:list": true,
  "quota:read": true,
  "repository:list": true,
  "repository:read": true,
  "repository:pull": true,
  "repository:push": true,
  "repository:update": true,
  "repository:delete": true,
  "artifact:list": true,
  "artifact:read": true,
  "artifact:create": true,
  "artifact:delete": true,
  "artifact-addition:read": true,
  "accessory:list": true,
  "tag:list": true,
  "tag:create": true,
  "tag:delete": true,
  "robot:list": true,
  "robot:read": true,
  "robot:create": true,
  "robot:update": false,
  "robot:delete": true,
};

const ofSystem: Record<SystemPermission, boolean> = {
  "catalog:read": true,
  "project:create": true,
  "project:list": true,
  "robot:create": true,
  "robot:read": true,
  "robot:update": false,
  "robot:delete": true,
  "robot:list": true,
};

type Kind = RobotDocument["permissions"][number]["kind"];

export function isGrantable(kind: "project", permission: string): permission is Permission;
export function isGrantable(kind: "system", permission: string): permission is SystemPermission;
export function isGrantable(kind: Kind, permission: string): boolean {
  const table: Record<string, boolean> = kind === "project" ? ofProject : ofSystem;
  return Object.hasOwn(table, permission) && table[permission] === true;
}

/** All of a kind that a robot may be given, as Harbor lists it. */
export function grantableOf(kind: Kind): { resource: string; action: string }[] {
  return Object.entries(kind === "project" ? ofProject : ofSystem)
    .filter(([, grantable]) => grantable)
    .map(([permission]) => {
      const [resource = "", action = ""] = permission.split(":");
      return { resource, action };
    });
}

/** Whether the robot was given that in every project; `*` is all projects, and never all actions. */
export function robotHoldsEverywhere(robot: RobotDocument, permission: Permission): boolean {
  return robot.permissions.some(
    (given) => given.kind === "project" && given.namespace === "*" && includes(given, permission),
  );
}

export function robotHolds(robot: RobotDocument, permission: Permission, project: ProjectDocument): boolean {
  return (
    robot.permissions.some(
      (given) => given.project_id === project.project_id && includes(given, permission),
    ) || robotHoldsEverywhere(robot, permission)
  );
}

export function robotHoldsSystem(robot: RobotDocument, permission: SystemPermission): boolean {
  return robot.permissions.some((given) => given.kind === "system" && includes(given, permission));
}

/** The projects in which the robot was given that. To list projects is to read all of them a little. */
export function projectsOf(robot: RobotDocument, permission: Permission): number[] | "all" {
  const lists = permission === "project:read" && robotHoldsSystem(robot, "project:list");
  if (lists || robotHoldsEverywhere(robot, permission)) return "all";
  return robot.permissions.flatMap((given) =>
    given.project_id !== undefined && includes(given, permission) ? [given.project_id] : [],
  );
}

/** What the table no longer allows counts for nothing, whatever was given once. */
function includes({ kind, access }: RobotDocument["permissions"][number], permission: string): boolean {
  const grantable = kind === "project" ? isGrantable(kind, permission) : isGrantable(kind, permission);
  return grantable && access.some(({ resource, action }) => `${resource}:${action}` === permission);
}
