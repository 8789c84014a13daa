import { roles, type Permission, type RoleId } from "../registry/contract/permission.ts";
import type { Project } from "../registry/contract/projects.ts";
import type { User } from "../registry/contract/users.ts";

const { projectAdmin, maintainer, developer, guest, limitedGuest } = roles;

/** What the pages offer, and to which roles. The registry decides; this only keeps refused buttons away. */
const offered: Partial<Record<Permission, readonly RoleId[]>> = {
  "project:update": [projectAdmin],
  "project:delete": [projectAdmin],
  "member:list": [projectAdmin, maintainer, developer, guest],
  "member:create": [projectAdmin],
  "member:update": [projectAdmin],
  "member:delete": [projectAdmin],
  "log:list": [projectAdmin, maintainer, developer, guest, limitedGuest],
  "robot:list": [projectAdmin, maintainer, developer, guest],
  "robot:create": [projectAdmin],
  "robot:update": [projectAdmin],
  "robot:delete": [projectAdmin],
  "repository:push": [projectAdmin, maintainer, developer],
  "repository:update": [projectAdmin, maintainer, developer],
  "repository:delete": [projectAdmin, maintainer],
  "artifact:delete": [projectAdmin, maintainer],
  "tag:create": [projectAdmin, maintainer, developer],
  "tag:delete": [projectAdmin, maintainer],
};

/** Whether `user` may do it in `project`. */
export function mayIn(project: Project | undefined, user: User | undefined, permission: Permission): boolean {
  if (project === undefined || user === undefined) return false;
  if (user.sysadmin_flag || user.admin_role_in_auth) return true;
  const held = project.current_user_role_ids;
  return offered[permission]?.some((role) => held.includes(role)) ?? false;
}
