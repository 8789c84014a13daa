import type { RouteLocationRaw } from "vue-router";

/** Where a repository's page is; `name` is with its project. */
export function repositoryPlace(name: string): RouteLocationRaw {
  return { name: "repository", params: paramsOf(name) };
}

/** Where an artifact's page is; `reference` is a tag or a digest. */
export function artifactPlace(name: string, reference: string): RouteLocationRaw {
  return { name: "artifact", params: { ...paramsOf(name), reference } };
}

/** Where a replication rule's page is: its jobs, or those of one run; with a job, that one's log. */
export function rulePlace(rule: number, { run, job }: { run?: number; job?: number } = {}): RouteLocationRaw {
  const query = {
    ...(run !== undefined && { run: String(run) }),
    ...(run !== undefined && job !== undefined && { log: `${run}-${job}` }),
  };
  return { name: "rule", params: { rule: String(rule) }, query };
}

function paramsOf(name: string): { project: string; repository: string[] } {
  const [project = "", ...repository] = name.split("/");
  return { project, repository };
}
