import { roles, type Permission, type RoleId } from "../contract/permission.ts";

/**
 * Who holds which permission in a project: P project admin, M maintainer, D developer, G guest, L limited guest,
 * A anybody on a public project. Harbor's table, but that every member may read the project's log, as its user guide says.
 * System administrators hold all of them everywhere.
 */
const holders: Record<Permission, string> = {
  "project:read": "PMDGLA",
  "project:update": "P",
  "project:delete": "P",
  "member:list": "PMDG",
  "member:create": "P",
  "member:update": "P",
  "member:delete": "P",
  "log:list": "PMDGL",
  "quota:read": "PMDGL",
  "repository:list": "PMDGLA",
  "repository:read": "PMDGL",
  "repository:pull": "PMDGLA",
  "repository:push": "PMD",
  "repository:update": "PMD",
  "repository:delete": "PM",
  "artifact:list": "PMDGLA",
  "artifact:read": "PMDGLA",
  "artifact:create": "PMD",
  "artifact:delete": "PM",
  "artifact-addition:read": "PMDGLA",
  "accessory:list": "PMDGLA",
  "tag:list": "PMDGLA",
  "tag:create": "PMD",
  "tag:delete": "PM",
  "robot:list": "PMDG",
  "robot:read": "PMDG",
  "robot:create": "P",
  "robot:update": "P",
  "robot:delete": "P",
};

const letters: Record<RoleId, string> = {
  [roles.projectAdmin]: "P",
  [roles.maintainer]: "M",
  [roles.developer]: "D",
  [roles.guest]: "G",
  [roles.limitedGuest]: "L",
};

/** Whether that role has the permission. */
export function roleHolds(role: number, permission: Permission): boolean {
  const letter = letters[role as RoleId];
  return letter !== undefined && holders[permission].includes(letter);
}

export function permissionsOf(role: number): Permission[] {
  return (Object.keys(holders) as Permission[]).filter((permission) => roleHolds(role, permission));
}

/** Whether anybody, signed in or not, has the permission in a public project. */
export function anybodyHolds(permission: Permission): boolean {
  return holders[permission].includes("A");
}
