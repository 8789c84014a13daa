import type { RouteLocationRaw } from "vue-router";

/** Where a repository's page is; `name` is with its project. */
export function repositoryPlace(name: string): RouteLocationRaw {
  return { name: "repository", params: paramsOf(name) };
}

/** Where an artifact's page is; `reference` is a tag or a digest. */
export function artifactPlace(name: string, reference: string): RouteLocationRaw {
  return { name: "artifact", params: { ...paramsOf(name), reference } };
}

function paramsOf(name: string): { project: string; repository: string[] } {
  const [project = "", ...repository] = name.split("/");
  return { project, repository };
}
