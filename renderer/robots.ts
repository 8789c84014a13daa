import type { Robot } from "../registry/contract/robots.ts";

type Given = Robot["permissions"][number];
type Access = Given["access"];

/** What people give to a program; each is several of the registry's permissions. */
export const robotRights = ["pull", "push", "delete"] as const;
export type RobotRight = (typeof robotRights)[number];

const meaning: Record<string, readonly string[]> & Record<RobotRight, readonly string[]> = {
  pull: [
    "repository:pull",
    "repository:list",
    "repository:read",
    "artifact:list",
    "artifact:read",
    "tag:list",
  ],
  push: ["repository:push", "artifact:create", "tag:create"],
  delete: ["repository:delete", "artifact:delete", "tag:delete"],
};

export const systemRights = ["catalog", "createProjects"] as const;
export type SystemRight = (typeof systemRights)[number];

const systemMeaning: Record<string, readonly string[]> & Record<SystemRight, readonly string[]> = {
  catalog: ["catalog:read"],
  createProjects: ["project:create"],
};

/** The permissions that these rights stand for. Who pushes must pull as well: docker asks what is there already. */
export function accessOf(rights: readonly RobotRight[]): Access {
  const whole = rights.includes("push") ? new Set<RobotRight>(["pull", ...rights]) : new Set(rights);
  return toAccess([...whole].flatMap((right) => meaning[right]));
}

export function systemAccessOf(rights: readonly SystemRight[]): Access {
  return toAccess(rights.flatMap((right) => systemMeaning[right]));
}

/** The rights that a robot has by the first of each one's permissions, and how many permissions none of them stands for. */
export function rightsOf(access: Access, kind: Given["kind"]): { rights: string[]; further: number } {
  const held = new Set(access.map(({ resource, action }) => `${resource}:${action}`));
  const meanings = kind === "project" ? meaning : systemMeaning;
  const rights = Object.keys(meanings).filter((right) => held.has(meanings[right]?.[0] ?? ""));
  const known = new Set(Object.values(meanings).flat());
  return { rights, further: [...held].filter((name) => !known.has(name)).length };
}

function toAccess(names: readonly string[]): Access {
  return names.map((name) => {
    const [resource = "", action = ""] = name.split(":");
    return { resource, action };
  });
}

/** Seconds since 1970, as the registry tells a robot's end. */
export function isOver({ expires_at }: Pick<Robot, "expires_at">, now: number): boolean {
  return expires_at !== -1 && expires_at * 1000 <= now;
}
