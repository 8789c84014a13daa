import { Fault } from "../contract/fault.ts";
import type { ReplicationFilter } from "../contract/replication.ts";
import type { Collections, PolicyDocument } from "../store/collections.ts";
import { hostOf } from "./addresses.ts";
import { destinationOf } from "./destination.ts";
import { chooseBy } from "./filters.ts";
import type { Peers } from "./peers.ts";
import type { Work } from "./runs.ts";

/** What of a rule decides what is copied, and where to. */
export type Choosing = Pick<
  PolicyDocument,
  | "src_registry_id"
  | "dest_registry_id"
  | "project_id"
  | "filters"
  | "dest_namespace"
  | "dest_namespace_replace_count"
>;

export interface Chosen {
  /** A repository each, in the order of their names. */
  works: Work[];
  /** Why some cannot be copied, in words. */
  problems: string[];
}

export type Chooser = ReturnType<typeof createChooser>;

interface Deps {
  collections: Pick<Collections, "registries" | "projects">;
  peers: Pick<Peers, "of">;
}

/** Finds out what a rule is about. */
export function createChooser({ collections, peers }: Deps) {
  const { registries, projects } = collections;

  async function hostOfRegistry(id: number): Promise<string | undefined> {
    const registry = id === 0 ? undefined : await registries.get(String(id));
    return registry && hostOf(registry.url);
  }

  /** The hosts that stand before the names of what a rule copies. */
  async function hosts({ src_registry_id, dest_registry_id }: Choosing) {
    const source_host = await hostOfRegistry(src_registry_id);
    const destination_host = await hostOfRegistry(dest_registry_id);
    return { ...(source_host ? { source_host } : {}), ...(destination_host ? { destination_host } : {}) };
  }

  /** The rule's filters, and the one that its project is: only a source here has a project of ours. */
  async function filtersOf({ src_registry_id, project_id, filters }: Choosing): Promise<ReplicationFilter[]> {
    if (src_registry_id !== 0 || project_id === undefined) return filters;
    const project = await projects.get(String(project_id));
    if (!project) throw new Fault("NOT_FOUND", "the project of this rule is gone");
    return [...filters, { type: "name", value: `${project.name}/**` }];
  }

  return {
    hosts,
    filtersOf,

    /** All that the source has and the filters let through. Throws `Again` and `Fault` as the source does. */
    async everything(policy: Choosing, signal: AbortSignal): Promise<Chosen> {
      const filters = await filtersOf(policy);
      const choice = chooseBy(filters);
      const source = await peers.of(policy.src_registry_id);
      const found = new Map<string, { references: Set<string>; public?: boolean | undefined }>();
      for await (const listed of source.list(filters, signal)) {
        if (!choice.repository(listed.repository)) continue;
        const known = found.get(listed.repository) ?? { references: new Set(), public: listed.public };
        for (const reference of choice.references(listed)) known.references.add(reference);
        if (known.references.size > 0) found.set(listed.repository, known);
      }
      return toWorks(policy, found, await hosts(policy));
    },
  };
}

function toWorks(
  { dest_namespace, dest_namespace_replace_count }: Choosing,
  found: Map<string, { references: Set<string>; public?: boolean | undefined }>,
  hosts: Pick<Work, "source_host" | "destination_host">,
): Chosen {
  const [works, problems]: [Work[], string[]] = [[], []];
  for (const source of [...found.keys()].sort()) {
    const { references, public: open } = found.get(source) ?? { references: new Set() };
    try {
      const destination = destinationOf(source, dest_namespace, dest_namespace_replace_count);
      const about = { source, destination, references: [...references], ...hosts };
      works.push({ operation: "copy", ...about, ...(open === undefined ? {} : { public: open }) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(error.message);
    }
  }
  return { works, problems };
}
