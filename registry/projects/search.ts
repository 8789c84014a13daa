import type { Caller } from "../access/caller.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Permission } from "../contract/permission.ts";
import type { FoundArtifact, FoundRepository, system as operations } from "../contract/system.ts";
import type { Events } from "../events.ts";
import type { Collections } from "../store/collections.ts";
import { meets } from "../store/conditions.ts";
import { partsOf } from "../store/where.ts";
import { createBest, rankIn, wantedOf, type Wanted } from "./matching.ts";
import { createNames, type RepositoryNames } from "./names.ts";
import type { Projects } from "./projects.ts";

interface Deps {
  collections: Collections;
  events: Events;
  projects: Pick<Projects, "visible" | "toProject">;
}

/** Tags told of one artifact. */
const mostTags = 10;

/** Finds what the caller may see by a part of its name, as it is typed. Harbor API 3; artifacts are Berth's own. */
export function createSearch({
  collections,
  events,
  projects,
}: Deps): Handlers<typeof operations, Caller>["search"] {
  const { repositories, artifacts, pulls } = collections;
  const names = createNames(collections, events);

  /** The numbers of the projects in which the caller may see that. */
  async function seen(caller: Caller, permission: Permission): Promise<Set<number>> {
    const sets = (await projects.visible(caller, permission)).map(partsOf);
    const all = await names.projects();
    const visible = all.filter((project) =>
      sets.some((parts) =>
        parts.every(([field, condition]) => meets(condition, project[field as keyof typeof project])),
      ),
    );
    return new Set(visible.map((project) => project.project_id));
  }

  async function toRepository({ name, project_id }: RepositoryNames): Promise<FoundRepository[]> {
    const [repository, project] = [
      await repositories.find({ name }),
      await collections.projects.get(String(project_id)),
    ];
    if (!repository || !project) return [];
    return [
      {
        project_id,
        project_name: project.name,
        project_public: project.public,
        repository_name: name,
        pull_count: (await pulls.get(`repository:${repository.id}`))?.count ?? 0,
        artifact_count: await artifacts.count({ repository_id: repository.id }),
      },
    ];
  }

  async function toArtifact({ of, digest, tags }: Match): Promise<FoundArtifact[]> {
    const repository = await repositories.find({ name: of.name });
    if (!repository || !(await artifacts.get(`${repository.id}@${digest}`))) return [];
    const others = [...of.tags].flatMap(([tag, its]) => (its === digest && !tags.includes(tag) ? [tag] : []));
    const project_name = of.name.slice(0, of.name.indexOf("/"));
    return [
      { project_name, repository_name: of.name, digest, tags: [...tags, ...others].slice(0, mostTags) },
    ];
  }

  return async function search({ q }, caller) {
    const wanted = wantedOf(q);
    const inProjects = await seen(caller, "project:read");
    const inRepositories = caller.robot ? await seen(caller, "repository:list") : inProjects;
    const inArtifacts = caller.robot ? await seen(caller, "artifact:list") : inProjects;

    const project = createBest<Awaited<ReturnType<typeof names.projects>>[number]>();
    for (const one of await names.projects()) {
      if (inProjects.has(one.project_id)) project.add(rankIn(one.name, wanted.name), one);
    }
    const repository = createBest<RepositoryNames>();
    const artifact = createBest<Match>();
    for (const of of await names.repositories()) {
      const rank = rankIn(of.name, wanted.name);
      if (inRepositories.has(of.project_id)) repository.add(rank, of);
      if (inArtifacts.has(of.project_id) && (rank !== undefined || !wanted.within)) {
        for (const match of matchesIn(of, wanted)) artifact.add(match.rank, match);
      }
    }
    return {
      project: await Promise.all(project.values().map((one) => projects.toProject(one, caller))),
      repository: (await Promise.all(repository.values().map(toRepository))).flat(),
      artifact: (await Promise.all(artifact.values().map(toArtifact))).flat(),
    };
  };
}

interface Match {
  rank: number;
  of: RepositoryNames;
  digest: string;
  /** Those that match. */
  tags: string[];
}

/** The artifacts of a repository that have such a tag or digest, each once. */
function matchesIn(of: RepositoryNames, { tag, digest }: Wanted): Iterable<Match> {
  const found = new Map<string, Match>();
  if (digest !== undefined) {
    for (const one of of.digests) {
      const from = digest.includes(":") ? 0 : one.indexOf(":") + 1;
      if (one.startsWith(digest, from)) found.set(one, { rank: 0, of, digest: one, tags: [] });
    }
  }
  if (tag === undefined) return found.values();
  for (const [name, its] of of.tags) {
    const rank = rankIn(name.toLowerCase(), tag);
    // One letter is in nearly every tag.
    if (rank === undefined || (rank > 0 && tag.length < 2)) continue;
    const match = found.get(its);
    if (match) {
      match.rank = Math.min(match.rank, rank);
      match.tags.push(name);
    } else found.set(its, { rank, of, digest: its, tags: [name] });
  }
  return found.values();
}
