/**
 * Paths of the REST API, from a template like `GET /projects/{project_name}/repositories/{repository_name}`.
 * Both sides use it: the server to route, a client to ask.
 */
export interface Route {
  method: string;
  path: string;
  parameters: string[];
}

export const apiPrefix = "/api/v2.0";

/** Takes a declared `rest` apart. */
export function routeOf(rest: string): Route {
  const [method = "", path = ""] = rest.split(" ");
  return { method, path, parameters: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "") };
}

/** The path with each parameter in its place. A repository's slashes are encoded twice, as Harbor's clients do. */
export function fillPath(path: string, input: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const once = encodeURIComponent(String(input[name]));
    return name === "repository_name" ? once.replaceAll("%2F", "%252F") : once;
  });
}
