import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import { Again } from "../jobs/job.ts";
import type { Peer, SideManifest } from "../replication/side.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";

/** What an upstream answers: what it has, that it has none, or nothing at all. */
export type Asked<T> = { answer: T | undefined } | { away: string };

export interface Upstream {
  /** The digest that it gives that reference now. */
  digestOf(project: ProjectDocument, name: string, reference: string): Promise<Asked<string>>;
  manifest(project: ProjectDocument, name: string, reference: string): Promise<Asked<SideManifest>>;
  peer(project: ProjectDocument): Promise<Peer>;
  /** What the repository is called there: without the project, and on Docker Hub with what it leaves out. */
  nameOf(project: ProjectDocument, name: string): Promise<string>;
}

interface Deps {
  collections: Pick<Collections, "registries">;
  peerOf(registry_id: number): Promise<Peer>;
}

/** Milliseconds: for an answer that somebody's pull waits for, and for how long one that did not answer is not asked again. */
const patience = { answer: 15_000, away: 20_000 };

/** The other side of proxy projects. That it is away is an answer here: what was kept can still be served. */
export function createUpstream({ collections: { registries }, peerOf }: Deps): Upstream {
  const away = new LRUCache<number, string>({ max: 1000, ttl: patience.away });

  const peer = (project: ProjectDocument): Promise<Peer> => peerOf(project.registry_id ?? 0);

  async function nameOf({ name: own, registry_id }: ProjectDocument, name: string): Promise<string> {
    const bare = name.slice(own.length + 1);
    const kind = (await registries.get(String(registry_id)))?.type;
    return kind === "docker-hub" && !bare.includes("/") ? `library/${bare}` : bare;
  }

  async function ask<T>(
    project: ProjectDocument,
    question: (peer: Peer, signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<Asked<T>> {
    const { registry_id = 0 } = project;
    const known = away.get(registry_id);
    if (known !== undefined) return { away: known };
    const signal = AbortSignal.timeout(patience.answer);
    try {
      return { answer: await question(await peer(project), signal) };
    } catch (error) {
      if (!(error instanceof Again) && !signal.aborted) throw error;
      const reason = error instanceof Again ? error.message : "it did not answer in time";
      away.set(registry_id, reason);
      return { away: reason };
    }
  }

  return {
    peer,
    nameOf,
    digestOf: (project, name, reference) =>
      ask(project, async (side, signal) => side.digestOf(await nameOf(project, name), reference, signal)),
    manifest: (project, name, reference) =>
      ask(project, async (side, signal) => side.manifest(await nameOf(project, name), reference, signal)),
  };
}

/** For a pull that neither side can answer. */
export function unavailable({ name }: ProjectDocument, reason: string): Fault {
  return new Fault(
    "SERVICE_UNAVAILABLE",
    `the registry that project ${name} fetches from cannot be reached, and nothing was kept of this: ${reason}`,
  );
}
