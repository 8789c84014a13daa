import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Permission } from "../contract/permission.ts";
import type { Project, projects as operations } from "../contract/projects.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";
import type { Where } from "../store/documents.ts";
import { listingOf } from "../store/query.ts";

interface Deps {
  collections: Pick<Collections, "projects">;
  authorize: Authorize;
  toProject(project: ProjectDocument, caller: Caller): Promise<Project>;
}

export interface ProjectList extends Pick<Handlers<typeof operations, Caller>, "list"> {
  /**
   * What the caller may see: everything, or the public projects and those of which the caller is a member. A role sees all
   * of a project; a robot only what it was given, so for one it counts what is to be seen.
   */
  visible(caller: Caller, permission?: Permission): Promise<Where<ProjectDocument>[]>;
}

const listed = [
  "name",
  "owner_id",
  "owner_name",
  "public",
  "project_id",
  "creation_time",
  "update_time",
] as const;

/** Which projects there are for whom. */
export function createProjectList({ collections: { projects }, authorize, toProject }: Deps): ProjectList {
  async function visible(
    { user, robot }: Caller,
    permission: Permission = "project:read",
  ): Promise<Where<ProjectDocument>[]> {
    if (robot) {
      const given = authorize.projectsOf(robot, permission);
      return given === "all" ? [{}] : [{ public: true }, { public: false, project_id: { in: given } }];
    }
    if (user?.sysadmin_flag) return [{}];
    if (!user) return [{ public: true }];
    const own = await authorize.memberships(user);
    return [{ public: true }, { public: false, project_id: { in: own.map((member) => member.project_id) } }];
  }

  async function byMembership(found: ProjectDocument[], member: boolean, { user }: Caller) {
    const own = user ? await authorize.memberships(user) : [];
    const mine = new Set(own.map(({ project_id }) => project_id));
    return found.filter(({ project_id }) => mine.has(project_id) === member);
  }

  return {
    visible,

    async list(input, caller) {
      const listing = listingOf<ProjectDocument>(input, { fields: listed, sort: ["name"] });
      const conditions: Where<ProjectDocument> = {
        ...listing.where,
        ...(input.name === undefined ? {} : { name: { contains: input.name } }),
        ...(input.owner === undefined ? {} : { owner_name: input.owner }),
      };
      // The two sets of what one may see do not meet, so the second begins where the first ends.
      const sets = (await visible(caller)).filter(
        (set) => input.public === undefined || set.public === undefined || set.public === input.public,
      );
      const wheres = sets.map((set) => ({
        ...conditions,
        ...(input.public === undefined ? {} : { public: input.public }),
        ...set,
      }));
      const found = (
        await Promise.all(wheres.map((where) => projects.list({ where, sort: listing.sort })))
      ).flat();
      if (wheres.length > 1) sortAgain(found, listing.sort ?? []);
      const asked = input.member === undefined ? found : await byMembership(found, input.member, caller);
      const items = asked.slice(listing.skip, (listing.skip ?? 0) + (listing.limit ?? 10));
      return {
        items: await Promise.all(items.map((project) => toProject(project, caller))),
        total: asked.length,
      };
    },
  };
}

function sortAgain(found: ProjectDocument[], sort: readonly string[]): void {
  found.sort((a, b) => {
    for (const key of sort) {
      const field = key.replace(/^-/, "") as keyof ProjectDocument;
      const [x, y] = key.startsWith("-") ? [b[field], a[field]] : [a[field], b[field]];
      if (x !== y && x !== undefined && y !== undefined) return x < y ? -1 : 1;
    }
    return 0;
  });
}
