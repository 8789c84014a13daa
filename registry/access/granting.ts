import { Fault } from "../contract/fault.ts";
import type { Permission } from "../contract/permission.ts";
import type { Collections, ProjectDocument, RobotDocument } from "../store/collections.ts";
import type { Authorize } from "./authorize.ts";
import type { Caller } from "./caller.ts";
import { isGrantable, robotHoldsEverywhere } from "./grantable.ts";

type Given = RobotDocument["permissions"][number];
type Asked = Omit<Given, "project_id">;

export interface Granting {
  /**
   * What is asked for, as it is kept. Throws `BAD_REQUEST` for what no robot can have, `NOT_FOUND` for a project that is not
   * there, and `FORBIDDEN` for more than the caller holds.
   */
  permissions(caller: Caller, level: RobotDocument["level"], asked: readonly Asked[]): Promise<Given[]>;
  /** The name of the one project of a robot of a project. Throws `BAD_REQUEST`. */
  projectName(asked: readonly Asked[]): string;
}

/** What may be given to a robot: of what robots can have, that which the giver has. Harbor API 19. */
export function createGranting(
  { projects }: Pick<Collections, "projects">,
  authorize: Pick<Authorize, "holds" | "system">,
): Granting {
  function projectName(asked: readonly Asked[]): string {
    const [only, ...others] = asked;
    if (only?.kind !== "project" || only.namespace === "*" || others.length > 0) {
      throw new Fault("BAD_REQUEST", "a project's robot has permissions for that one project, named in full");
    }
    return only.namespace;
  }

  function ofSystem(caller: Caller, namespace: string, names: readonly string[]): void {
    if (namespace !== "/") throw new Fault("BAD_REQUEST", "a permission for the system has the namespace /");
    for (const name of names) {
      if (!isGrantable("system", name)) throw impossible(name, "for the system");
      if (!authorize.system(caller, name)) throw tooMuch(name, "for the system");
    }
  }

  async function ofProjects(
    caller: Caller,
    namespace: string,
    names: readonly string[],
  ): Promise<number | undefined> {
    const project = namespace === "*" ? undefined : await locate(caller, namespace);
    for (const name of names) {
      if (!isGrantable("project", name)) throw impossible(name, "in a project");
      const held = project ? await authorize.holds(caller, name, project) : holdsEverywhere(caller, name);
      if (!held) throw tooMuch(name, project ? `in ${project.name}` : "in every project");
    }
    return project?.project_id;
  }

  async function locate({ user }: Caller, name: string): Promise<ProjectDocument> {
    const found = await projects.find({ name });
    if (found) return found;
    if (user?.sysadmin_flag) throw new Fault("NOT_FOUND", `there is no project ${name}`);
    throw new Fault("FORBIDDEN", `you have no right to do that in project ${name}`);
  }

  return {
    projectName,

    async permissions(caller, level, asked) {
      if (level === "project") projectName(asked);
      const given: Given[] = [];
      for (const { kind, namespace, access } of asked) {
        const names = namesOf(access);
        const kept = names.map((name) => {
          const [resource = "", action = ""] = name.split(":");
          return { resource, action, effect: "allow" };
        });
        if (kind === "system") {
          ofSystem(caller, namespace, names);
          given.push({ kind, namespace, access: kept });
        } else {
          const project_id = await ofProjects(caller, namespace, names);
          given.push({ kind, namespace, access: kept, ...(project_id === undefined ? {} : { project_id }) });
        }
      }
      return given;
    },
  };
}

/** `resource:action`, each once. To deny something is not known here, and must not be read as allowing it. */
function namesOf(access: Asked["access"]): string[] {
  const names = access.map(({ resource, action, effect }) => {
    if (effect !== undefined && effect !== "" && effect !== "allow") {
      throw new Fault("BAD_REQUEST", `a permission allows something: ${effect.slice(0, 20)} is not known`);
    }
    return `${resource}:${action}`;
  });
  return [...new Set(names)];
}

function holdsEverywhere({ user, robot }: Caller, permission: Permission): boolean {
  return user?.sysadmin_flag === true || (robot !== undefined && robotHoldsEverywhere(robot, permission));
}

const impossible = (name: string, where: string): Fault =>
  new Fault("BAD_REQUEST", `a robot cannot be given ${name} ${where}`);

const tooMuch = (name: string, where: string): Fault =>
  new Fault("FORBIDDEN", `nobody gives more than they have, and you have no ${name} ${where}`);
