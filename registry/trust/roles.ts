/** The names of roles: the four that a root names, and delegations, `targets/releases`, to any depth. */

const base: ReadonlySet<string> = new Set(["root", "targets", "snapshot", "timestamp"]);

const longest = 255;

/** Whether an update may hold metadata of that name. */
export function isRole(name: string): boolean {
  return base.has(name) || isDelegation(name);
}

export function isDelegation(name: string): boolean {
  return name.length <= longest && /^targets(?:\/[-a-z0-9_]+)+$/.test(name);
}

/** `targets` and all delegations. */
export function isTargets(name: string): boolean {
  return name === "targets" || isDelegation(name);
}

/** The role that names the keys of a delegation: `targets/a` for `targets/a/b`. */
export function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}

/** Parents before children, and then by name. */
export function byDepth(a: string, b: string): number {
  return depthOf(a) - depthOf(b) || (a < b ? -1 : 1);
}

const depthOf = (name: string): number => name.split("/").length;
