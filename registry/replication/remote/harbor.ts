import { Fault } from "../../contract/fault.ts";
import { isDigest, isName, isTag } from "../../oci/reference.ts";
import type { Listed, Piece } from "../side.ts";
import { limits } from "./bodies.ts";
import { drop } from "./connection.ts";
import type { Adapter } from "./distribution.ts";
import type { Exchange } from "./exchange.ts";
import { listIn } from "./lists.ts";
import { namedProjects, namedRepositories } from "../names.ts";

type Fields = Record<string, unknown>;

/** What a page may hold at most, and pages of one list. */
const perPage = 100;
const mostPages = 10_000;
/** Projects that are asked for in one query, which may have a thousand characters. */
const atOnce = 10;
/** Bytes of a blob from which on it is worth a request to find out who has it. */
const worthAsking = 64 * 1024;

export type Harbor = Omit<Adapter, "removeArtifact"> & {
  /** A repository there that has this blob, other than that one. */
  holder(repository: string, piece: Piece, signal: AbortSignal): Promise<string | undefined>;
};

/** Harbor's API, which Berth speaks as well, beside the distribution spec. Harbor API 22.4. */
export function createHarbor(exchange: Exchange): Harbor {
  const { name } = exchange.endpoint;
  const api = (path: string): URL => exchange.at(`/api/v2.0${path}`);
  // A project may be called by digits alone.
  const headers = { accept: "application/json", "x-is-resource-name": "true" };
  const asking = (signal: AbortSignal) => ({ as: "account" as const, headers, signal });

  /** The path of a repository, whose name is encoded once more for its slashes. Harbor API 1.5. */
  function pathOf(repository: string): string {
    const slash = repository.indexOf("/");
    const inner = encodeURIComponent(encodeURIComponent(repository.slice(slash + 1)));
    return `/projects/${encodeURIComponent(repository.slice(0, slash))}/repositories/${inner}`;
  }

  async function* all(path: string, what: string, signal: AbortSignal): AsyncGenerator<Fields> {
    for (let page = 1; page <= mostPages; page += 1) {
      const url = api(path);
      url.searchParams.set("page", String(page));
      url.searchParams.set("page_size", String(perPage));
      const answer = await exchange.ask("GET", url, asking(signal));
      if (answer.status === 404) return void (await drop(answer));
      if (answer.status !== 200) throw await exchange.refusal(what, answer);
      const items = listIn(await exchange.json(answer, limits.list));
      for (const item of items) if (typeof item === "object" && item !== null) yield item as Fields;
      if (items.length < perPage) return;
    }
    throw new Fault("BAD_REQUEST", `${name} comes to no end when asked to ${what}`);
  }

  async function* projects(signal: AbortSignal): AsyncGenerator<string> {
    for await (const project of all("/projects", "list its projects", signal))
      if (typeof project.name === "string" && isName(`${project.name}/x`)) yield project.name;
  }

  async function* repositories(project: string, signal: AbortSignal): AsyncGenerator<string> {
    const path = `/projects/${encodeURIComponent(project)}/repositories`;
    for await (const { name: found } of all(path, `list the repositories of ${project}`, signal))
      if (typeof found === "string" && found.startsWith(`${project}/`) && isName(found)) yield found;
  }

  /** Whether a project is open to everybody; `undefined` where that is not told. */
  async function isPublic(project: string, signal: AbortSignal): Promise<boolean | undefined> {
    const answer = await exchange.ask("GET", api(`/projects/${encodeURIComponent(project)}`), asking(signal));
    if (answer.status !== 200) return void (await drop(answer));
    const told = (await exchange.json(answer, limits.list)) as { metadata?: { public?: unknown } } | null;
    return told?.metadata?.public === undefined ? undefined : told.metadata.public === "true";
  }

  async function* artifacts(repository: string, signal: AbortSignal): AsyncGenerator<Listed> {
    const path = `${pathOf(repository)}/artifacts?with_tag=true&with_label=true`;
    for await (const artifact of all(path, `list the artifacts of ${repository}`, signal)) {
      const { digest, type } = artifact;
      if (typeof digest !== "string" || !isDigest(digest)) continue;
      const tags = namesIn(artifact.tags).filter(isTag);
      const kind = typeof type === "string" ? { type } : {};
      yield { repository, digest, tags, labels: namesIn(artifact.labels), ...kind };
    }
  }

  async function* chosen(filters: Parameters<Adapter["list"]>[0], signal: AbortSignal) {
    const named = namedRepositories(filters);
    if (named) return yield* named;
    for await (const project of namedProjects(filters) ?? projects(signal))
      yield* repositories(project, signal);
  }

  async function known(names: readonly string[], signal: AbortSignal): Promise<Set<string>> {
    const list = names.map((one) => `'${one}'`).join(" ");
    const path = `/projects?q=${encodeURIComponent(`name={${list}}`)}`;
    const found = new Set<string>();
    for await (const project of all(path, "list its projects", signal)) {
      if (typeof project.name === "string") found.add(project.name);
      if (names.includes(String(project.name)) && Number(project.registry_id ?? 0) > 0)
        throw new Fault(
          "PRECONDITION",
          `project ${String(project.name)} of ${name} is a proxy of another registry, and takes nothing else`,
        );
    }
    return found;
  }

  async function create(project: { name: string; public: boolean }, signal: AbortSignal): Promise<void> {
    const draft = { project_name: project.name, metadata: { public: String(project.public) } };
    const answer = await exchange.ask("POST", api("/projects"), {
      ...asking(signal),
      headers: { ...headers, "content-type": "application/json" },
      body: Buffer.from(JSON.stringify(draft)),
    });
    const { status } = answer;
    // It is there, though not to be seen: whether it may be written to is found out by writing.
    if ((status >= 200 && status < 300) || status === 409) return drop(answer);
    const error = await exchange.refusal(`create project ${project.name}`, answer);
    if (status !== 401 && status !== 403) throw error;
    throw new Fault("FORBIDDEN", `project ${project.name} is missing, and ${error.message}`);
  }

  async function remove(path: string, what: string, signal: AbortSignal): Promise<void> {
    const answer = await exchange.ask("DELETE", api(path), asking(signal));
    if (answer.status !== 404 && (answer.status < 200 || answer.status > 299))
      throw await exchange.refusal(`delete ${what}`, answer);
    await drop(answer);
  }

  return {
    async *list(filters, signal) {
      const open = new Map<string, boolean | undefined>();
      for await (const repository of chosen(filters, signal)) {
        const project = repository.slice(0, repository.indexOf("/"));
        if (!open.has(project)) open.set(project, await isPublic(project, signal));
        const shown = open.get(project);
        for await (const listed of artifacts(repository, signal))
          yield shown === undefined ? listed : { ...listed, public: shown };
      }
    },

    async prepare(wanted, signal) {
      for (let at = 0; at < wanted.length; at += atOnce) {
        const some = wanted.slice(at, at + atOnce);
        const there = await known(
          some.map((project) => project.name),
          signal,
        );
        for (const project of some) if (!there.has(project.name)) await create(project, signal);
      }
    },

    removeTag: (repository, tag, signal) =>
      remove(`${pathOf(repository)}/artifacts/${tag}/tags/${tag}`, `${repository}:${tag}`, signal),

    removeRepository: (repository, signal) => remove(pathOf(repository), repository, signal),

    async holder(repository, { digest, size }, signal) {
      if (size < worthAsking) return undefined;
      const url = api(`/repositories?q=${encodeURIComponent(`blob_digest=${digest}`)}&page_size=1&page=1`);
      const answer = await exchange.ask("GET", url, asking(signal));
      // Who cannot say it leaves the bytes to be sent.
      if (answer.status !== 200) return void (await drop(answer));
      const [found] = namesIn(await exchange.json(answer, limits.list).catch(() => undefined));
      return found !== undefined && found !== repository && isName(found) ? found : undefined;
    },
  };
}

/** The names of things that a list holds. */
function namesIn(value: unknown): string[] {
  return listIn(value).flatMap((entry) => {
    const { name } = (entry ?? {}) as Fields;
    return typeof name === "string" ? [name] : [];
  });
}
