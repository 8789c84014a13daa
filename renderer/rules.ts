import type { Input } from "../registry/contract/operation.ts";
import type { ReplicationFilter, ReplicationPolicy, replication } from "../registry/contract/replication.ts";

export type Rule = ReplicationPolicy;
export type RuleDraft = Input<typeof replication.create>;

/** What a rule's dialog shows, in the shape in which people think of it. */
export interface RuleForm {
  name: string;
  description: string;
  direction: "push" | "pull";
  /** The endpoint on the other side. */
  endpoint: number | undefined;
  /** Everything in one project of this registry, or what a pattern names. */
  scope: "project" | "name";
  project: string;
  pattern: string;
  tag: string;
  tagExcludes: boolean;
  labels: string[];
  labelsExclude: boolean;
  platforms: string[];
  namespace: string;
  flattening: number;
  trigger: "event_based" | "scheduled" | "manual";
  cron: string;
  deletion: boolean;
  override: boolean;
  /** Kilobit a second; 0 does not limit. */
  speed: number;
  /** 0 is without end. */
  retries: number;
  enabled: boolean;
  /** What a rule may have and the dialog does not show. It stays. */
  unshown: Pick<RuleDraft, "copy_by_chunk" | "single_active_replication"> & { filters: ReplicationFilter[] };
}

/** How many parts of a path the destination stands for. */
export const flattenings = [1, 2, 3, 0, -1] as const;

export const knownPlatforms = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x", "linux/ppc64le"];

export function emptyForm(project: string | undefined): RuleForm {
  return {
    name: "",
    description: "",
    direction: "push",
    endpoint: undefined,
    scope: project === undefined ? "name" : "project",
    project: project ?? "",
    pattern: "",
    tag: "",
    tagExcludes: false,
    labels: [],
    labelsExclude: false,
    platforms: [],
    namespace: "",
    flattening: 1,
    trigger: "event_based",
    cron: "0 0 2 * * *",
    deletion: false,
    override: true,
    speed: 0,
    retries: 0,
    enabled: true,
    unshown: { filters: [] },
  };
}

export function formOf(rule: Rule): RuleForm {
  const { shown, others } = sorted(rule.filters);
  const listed = (filter?: ReplicationFilter): string[] => (filter ? [filter.value].flat() : []);
  return {
    name: rule.name,
    description: rule.description,
    direction: directionOf(rule),
    endpoint: otherSideOf(rule).id,
    scope: rule.project_name === undefined ? "name" : "project",
    project: rule.project_name ?? "",
    pattern: String(shown.name?.value ?? ""),
    tag: String(shown.tag?.value ?? ""),
    tagExcludes: shown.tag?.decoration === "excludes",
    labels: listed(shown.label),
    labelsExclude: shown.label?.decoration === "excludes",
    platforms: listed(shown.platform),
    namespace: rule.dest_namespace,
    flattening: rule.dest_namespace_replace_count,
    trigger: rule.trigger.type,
    cron: rule.trigger.trigger_settings?.cron || "0 0 2 * * *",
    deletion: rule.deletion || rule.replicate_deletion,
    override: rule.override,
    speed: Math.max(0, rule.speed),
    retries: rule.retry_limit,
    enabled: rule.enabled,
    unshown: {
      copy_by_chunk: rule.copy_by_chunk,
      single_active_replication: rule.single_active_replication,
      filters: others,
    },
  };
}

export function draftOf(form: RuleForm): RuleDraft {
  const { copy_by_chunk, single_active_replication } = form.unshown;
  const far = { id: form.endpoint ?? 0 };
  const here = { id: 0 };
  const isPush = form.direction === "push";
  return {
    name: form.name.trim(),
    description: form.description.trim(),
    src_registry: isPush ? here : far,
    dest_registry: isPush ? far : here,
    ...(form.scope === "project" && { project_name: form.project }),
    dest_namespace: form.namespace.trim(),
    dest_namespace_replace_count: form.flattening,
    trigger: {
      type: form.trigger,
      ...(form.trigger === "scheduled" && { trigger_settings: { cron: form.cron } }),
    },
    filters: filtersOf(form),
    deletion: form.deletion && form.trigger === "event_based",
    override: form.override,
    enabled: form.enabled,
    speed: form.speed > 0 ? form.speed : -1,
    retry_limit: form.retries,
    ...(copy_by_chunk !== undefined && { copy_by_chunk }),
    ...(single_active_replication !== undefined && { single_active_replication }),
  };
}

export function directionOf(rule: Pick<Rule, "src_registry">): "push" | "pull" {
  return rule.src_registry.id === 0 ? "push" : "pull";
}

/** The side that is not this registry. */
export function otherSideOf(rule: Pick<Rule, "src_registry" | "dest_registry">): Rule["src_registry"] {
  return rule.src_registry.id === 0 ? rule.dest_registry : rule.src_registry;
}

/** Whether it copies or waits to: what disabling would stop. */
export function isAtWork({ active_jobs }: Pick<Rule, "active_jobs">): boolean {
  return active_jobs > 0;
}

/** Where `source` lands. Harbor's rule: the namespace stands for so many parts of the path, or for all but the name. */
export function destinationOf(source: string, namespace: string, flattening: number): string {
  if (namespace === "") return source;
  const parts = source.split("/");
  const dropped = flattening === -1 ? parts.length - 1 : Math.min(flattening, parts.length - 1);
  return [namespace, ...parts.slice(dropped)].join("/");
}

function filtersOf(form: RuleForm): ReplicationFilter[] {
  const excluded = (excludes: boolean) => ({
    decoration: excludes ? ("excludes" as const) : ("matches" as const),
  });
  return [
    ...(form.pattern.trim() === "" ? [] : [{ type: "name" as const, value: form.pattern.trim() }]),
    ...(form.tag.trim() === ""
      ? []
      : [{ type: "tag" as const, value: form.tag.trim(), ...excluded(form.tagExcludes) }]),
    ...(form.labels.length === 0
      ? []
      : [{ type: "label" as const, value: form.labels, ...excluded(form.labelsExclude) }]),
    ...(form.platforms.length === 0
      ? []
      : [{ type: "platform" as const, value: form.platforms, ...excluded(false) }]),
    ...form.unshown.filters,
  ];
}

type Shown = Partial<Record<"name" | "tag" | "label" | "platform", ReplicationFilter>>;

/** The dialog shows one filter of a kind; the registry keeps as many as it is given. */
function sorted(filters: readonly ReplicationFilter[]): { shown: Shown; others: ReplicationFilter[] } {
  const shown: Shown = {};
  const others: ReplicationFilter[] = [];
  for (const filter of filters) {
    const { type } = filter;
    const fits = type !== "resource" && !(type === "platform" && filter.decoration === "excludes");
    if (fits && shown[type] === undefined) shown[type] = filter;
    else others.push(filter);
  }
  return { shown, others };
}
