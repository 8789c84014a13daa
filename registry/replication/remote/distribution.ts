import { Fault } from "../../contract/fault.ts";
import { Again } from "../../jobs/job.ts";
import { isName } from "../../oci/reference.ts";
import type { Peer, Side } from "../side.ts";
import { drop } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { listIn, pagesOf } from "./lists.ts";
import { namedRepositories } from "../names.ts";

/** What a registry adds to a side to be a whole peer. */
export type Adapter = Pick<Peer, "list" | "prepare" | "removeTag" | "removeArtifact" | "removeRepository">;

/** How registries say that they have no catalog, or none for this account. */
const unlistable = ["UNAUTHORIZED", "DENIED", "FORBIDDEN", "NOT_FOUND", "NAME_UNKNOWN", "UNSUPPORTED"];
/** Requests that look for siblings of a tag, at once and in all. */
const mostSiblings = 2000;

/**
 * A registry that speaks the distribution spec and nothing else: repositories by `_catalog` unless they are named, and
 * deletions as far as it has them.
 */
export function createDistribution(
  exchange: Exchange,
  { tags, digestOf }: Pick<Side, "tags" | "digestOf">,
  hasCatalog: boolean,
): Adapter {
  const { name } = exchange.endpoint;

  async function* catalog(signal: AbortSignal): AsyncGenerator<string> {
    const asking = { as: ["registry:catalog:*"], signal };
    const what = "list its repositories";
    const entries = (page: unknown): unknown[] => listIn(page, "repositories");
    const url = exchange.at("/v2/_catalog?n=100");
    if (!hasCatalog) throw unlisted("");
    try {
      for await (const page of pagesOf(exchange, url, asking, { what, entries })) {
        for (const entry of page)
          if (typeof entry === "string" && (isName(entry) || isName(`one/${entry}`))) yield entry;
      }
    } catch (error) {
      if (error instanceof Fault && unlistable.includes(error.code)) throw unlisted(` (${error.message})`);
      throw error;
    }
  }

  const unlisted = (why: string): Fault =>
    new Fault(
      "BAD_REQUEST",
      `${name} does not list its repositories${why}: name them in the rule's name filter`,
    );

  /** Deletes by tag, or digest; says whether that is a way there is. */
  async function remove(repository: string, reference: string, signal: AbortSignal): Promise<boolean> {
    const url = exchange.at(`/v2/${repository}/manifests/${reference}`);
    const answer = await exchange.ask("DELETE", url, {
      as: [`repository:${repository}:pull,delete`],
      signal,
    });
    if (answer.status === 404 || (answer.status >= 200 && answer.status < 300)) {
      await drop(answer);
      return true;
    }
    const error = await exchange.refusal(`delete ${repository}:${reference}`, answer);
    if (error instanceof Again || ![400, 405].includes(answer.status)) throw error;
    return false;
  }

  async function removeArtifact(repository: string, digest: string, signal: AbortSignal): Promise<void> {
    if (await remove(repository, digest, signal)) return;
    throw new Fault("UNSUPPORTED", `${name} lets nothing be deleted: ${repository}@${digest} stays there`);
  }

  /** Another tag of the same artifact, which would go with it. */
  async function siblingOf(repository: string, tag: string, digest: string, signal: AbortSignal) {
    const others = (await tags(repository, signal)).filter((other) => other !== tag);
    if (others.length > mostSiblings) return others[0];
    for (const other of others) if ((await digestOf(repository, other, signal)) === digest) return other;
    return undefined;
  }

  return {
    async *list(filters, signal) {
      for await (const repository of namedRepositories(filters) ?? catalog(signal)) {
        const found = await tags(repository, signal);
        if (found.length > 0) yield { repository, tags: found, labels: [] };
      }
    },

    prepare: () => Promise.resolve(),
    removeArtifact,

    async removeTag(repository, tag, signal) {
      const digest = await digestOf(repository, tag, signal);
      if (digest === undefined || (await remove(repository, tag, signal))) return;
      const sibling = await siblingOf(repository, tag, digest, signal);
      if (sibling === undefined) return removeArtifact(repository, digest, signal);
      throw new Fault(
        "UNSUPPORTED",
        `${name} deletes no single tags, and ${sibling} is the same artifact: ${repository}:${tag} stays there`,
      );
    },

    async removeRepository(repository, signal) {
      const digests = new Set<string>();
      for (const tag of await tags(repository, signal)) {
        const digest = await digestOf(repository, tag, signal);
        if (digest !== undefined) digests.add(digest);
      }
      for (const digest of digests) await removeArtifact(repository, digest, signal);
    },
  };
}
