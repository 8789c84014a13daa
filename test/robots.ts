import type { Caller } from "../registry/access/caller.ts";
import type { Berth } from "./harness.ts";

/** `name` and `password` of a robot, as `berth.fetch` takes them, and its number. */
export interface MadeRobot {
  id: number;
  name: string;
  password: string;
}

/** `repository:pull` as a robot's permission names it. */
export const access = (...permissions: string[]) =>
  permissions.map((permission) => {
    const [resource = "", action = ""] = permission.split(":");
    return { resource, action };
  });

/** Makes a robot of a project that may do these things in it. */
export async function addProjectRobot(
  berth: Berth,
  project: string,
  permissions: readonly string[],
  { name = "build", by }: { name?: string; by?: Caller } = {},
): Promise<MadeRobot> {
  const { id, ...made } = await berth.client(by).robots.create({
    name,
    level: "project",
    permissions: [{ kind: "project", namespace: project, access: access(...permissions) }],
  });
  return { id, name: made.name, password: made.secret };
}

/** Makes a robot of the system: `system` under `/`, and the rest by the project's name or `*`. */
export async function addSystemRobot(
  berth: Berth,
  name: string,
  given: Record<string, readonly string[]>,
): Promise<MadeRobot> {
  const permissions = Object.entries(given).map(([namespace, list]) => ({
    kind: namespace === "/" ? ("system" as const) : ("project" as const),
    namespace,
    access: access(...list),
  }));
  const { id, ...made } = await berth.client().robots.create({ name, level: "system", permissions });
  return { id, name: made.name, password: made.secret };
}

/** A token for docker, asked for as the robot. */
export async function tokenOf(berth: Berth, as: MadeRobot, scope: string): Promise<string> {
  const path = `/service/token?service=harbor-registry&scope=${encodeURIComponent(scope)}`;
  const answer = await berth.fetch(path, { as });
  return ((await answer.json()) as { token: string }).token;
}

/** A request to the REST API, as the robot or as anybody else. */
export function rest(
  berth: Berth,
  as: { name: string; password: string } | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return berth.fetch(`/api/v2.0${path}`, {
    method,
    ...(as ? { as } : {}),
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
}
