import { Cron } from "croner";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { RegistryType } from "../contract/registries.ts";
import type { replication } from "../contract/replication.ts";
import type { Collections, PolicyDocument } from "../store/collections.ts";
import { assertNamespace } from "./destination.ts";
import { toFilters } from "./filters.ts";
import { isLabelled } from "./kinds.ts";

/** What a draft says of a rule: all but what the registry itself keeps of it. */
export type Facts = Omit<PolicyDocument, "id" | "enabled" | "heard" | "creation_time" | "update_time">;

type Drafted = Parameters<Handlers<typeof replication, unknown>["create"]>[0];
type Choosing = "src_registry" | "dest_registry" | "project_name" | "filters" | "dest_namespace";

export type Drafts = ReturnType<typeof createDrafts>;

/** Checks what somebody wants a rule to be. Harbor: replication 2 to 5. */
export function createDrafts({ registries, projects }: Pick<Collections, "registries" | "projects">) {
  async function typeOf(id: number): Promise<RegistryType> {
    if (id === 0) return "berth";
    const found = await registries.get(String(id));
    if (!found) throw new Fault("NOT_FOUND", `there is no endpoint ${id}`);
    return found.type;
  }

  /** Which two registries it is between: this one and another. Throws `BAD_REQUEST`, `NOT_FOUND`. */
  async function endsOf({ src_registry, dest_registry }: Pick<Drafted, "src_registry" | "dest_registry">) {
    const ends = { src_registry_id: src_registry?.id ?? 0, dest_registry_id: dest_registry?.id ?? 0 };
    const source = await typeOf(ends.src_registry_id);
    await typeOf(ends.dest_registry_id);
    if (ends.src_registry_id === 0 && ends.dest_registry_id === 0)
      throw new Fault("BAD_REQUEST", "name the endpoint to copy to or from");
    if (ends.src_registry_id !== 0 && ends.dest_registry_id !== 0)
      throw new Fault("BAD_REQUEST", "a rule copies from this registry or to it, not between two others");
    return { ...ends, source };
  }

  /** Where it copies from and to, and what. Throws `BAD_REQUEST`, `NOT_FOUND`. */
  async function toChoosing(draft: Pick<Drafted, Choosing | "dest_namespace_replace_count">) {
    const { source, ...ends } = await endsOf(draft);
    const filters = toFilters(draft.filters ?? []);
    if (!isLabelled(source) && filters.some(({ type }) => type === "label"))
      throw new Fault("BAD_REQUEST", `an endpoint of the kind ${source} has no labels to choose by`);
    const name = draft.project_name ?? undefined;
    const project = name === undefined ? undefined : await projects.find({ name });
    if (name !== undefined && !project) throw new Fault("NOT_FOUND", `there is no project ${name}`);
    // What is fetched for a project lands in it.
    const isFetched = project !== undefined && ends.dest_registry_id === 0;
    const dest_namespace = draft.dest_namespace === "" && isFetched ? project.name : draft.dest_namespace;
    assertNamespace(dest_namespace);
    if (isFetched && dest_namespace !== project.name && !dest_namespace.startsWith(`${project.name}/`))
      throw new Fault(
        "BAD_REQUEST",
        `the namespace of a rule for project ${project.name} begins with that name`,
      );
    return {
      ...ends,
      ...(project ? { project_id: project.project_id } : {}),
      filters,
      dest_namespace,
      dest_namespace_replace_count: draft.dest_namespace_replace_count,
    };
  }

  return {
    toChoosing,

    /** Throws `BAD_REQUEST` for what no rule can be, `NOT_FOUND` for an endpoint or a project that is not there. */
    async toFacts(draft: Drafted): Promise<Facts> {
      const { name, description, override, speed, copy_by_chunk, single_active_replication, retry_limit } =
        draft;
      const choosing = await toChoosing(draft);
      const trigger = draft.trigger?.type ?? "manual";
      if (trigger === "event_based" && choosing.src_registry_id !== 0)
        throw new Fault(
          "BAD_REQUEST",
          "only what happens in this registry can start a rule: fetch by the clock or by hand",
        );
      if (trigger === "event_based" && single_active_replication)
        throw new Fault(
          "BAD_REQUEST",
          "a rule that follows what happens cannot be limited to one run at a time",
        );
      const cron = trigger === "scheduled" ? toCron(draft.trigger?.trigger_settings?.cron) : undefined;
      return {
        name,
        description,
        ...choosing,
        trigger,
        ...(cron === undefined ? {} : { cron }),
        deletion: draft.deletion ?? draft.replicate_deletion ?? false,
        override,
        speed,
        copy_by_chunk,
        single_active_replication,
        retry_limit,
      };
    },
  };
}

/** Throws `BAD_REQUEST` for what would never come, or every minute. Harbor: replication 3. */
function toCron(cron: string | undefined): string {
  const fields = (cron ?? "").trim().split(/\s+/);
  if (fields.length !== 6)
    throw new Fault("BAD_REQUEST", "a schedule has six fields: second, minute, hour, day, month and weekday");
  if (fields[0] !== "0") throw new Fault("BAD_REQUEST", "the first field of a schedule, the second, is 0");
  if (fields[1] === "*" || fields[1] === "?")
    throw new Fault("BAD_REQUEST", "a schedule names its minutes: every minute is too often");
  const pattern = fields.join(" ");
  if (!nextOf(pattern)) throw new Fault("BAD_REQUEST", `the schedule ${pattern} never comes`);
  return pattern;
}

function nextOf(pattern: string): Date | null {
  try {
    return new Cron(pattern.replaceAll("?", "*"), { mode: "5-or-6-parts", utcOffset: 0 }).nextRun();
  } catch {
    throw new Fault("BAD_REQUEST", `the schedule ${pattern} cannot be read`);
  }
}
