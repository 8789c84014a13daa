/** What may be done in a project: Harbor's resources and actions. The roles that hold each are in `access/roles`. */
export type Permission =
  | "project:read"
  | "project:update"
  | "project:delete"
  | "member:list"
  | "member:create"
  | "member:update"
  | "member:delete"
  | "log:list"
  | "quota:read"
  | "repository:list"
  | "repository:read"
  | "repository:pull"
  | "repository:push"
  | "repository:update"
  | "repository:delete"
  | "artifact:list"
  | "artifact:read"
  | "artifact:create"
  | "artifact:delete"
  | "artifact-addition:read"
  | "accessory:list"
  | "tag:list"
  | "tag:create"
  | "tag:delete"
  | "robot:list"
  | "robot:read"
  | "robot:create"
  | "robot:update"
  | "robot:delete";

/** Harbor's role numbers. */
export const roles = { projectAdmin: 1, developer: 2, guest: 3, maintainer: 4, limitedGuest: 5 } as const;

export type RoleName = keyof typeof roles;
export type RoleId = (typeof roles)[RoleName];
