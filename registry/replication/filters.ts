import { Fault } from "../contract/fault.ts";
import type { ReplicationFilter } from "../contract/replication.ts";
import { compilePattern } from "./pattern.ts";
import type { Listed } from "./side.ts";

/** What a rule's filters let through. All of them must hold. Harbor: replication 4. */
export interface Choice {
  repository(name: string): boolean;
  tag(name: string): boolean;
  /** The tags of an artifact that are chosen, or its digest if it has none at all; empty when it is not. */
  references(listed: Omit<Listed, "repository">): string[];
  /** Whether some tags are not chosen, or can be told by more than their names. */
  readonly narrows: boolean;
  /** Nothing but images: what a listing does not tell the kind of has to be looked at. */
  readonly imagesOnly: boolean;
  platforms: { matches: string[]; excludes: string[] };
}

export function chooseBy(filters: readonly ReplicationFilter[]): Choice {
  const names = patternsOf(filters, "name");
  const tags = patternsOf(filters, "tag");
  const labels = listsOf(filters, "label");
  const platforms = listsOf(filters, "platform");
  const imagesOnly = filters.some(({ type, value }) => type === "resource" && value === "image");
  const passes = (tag: string): boolean =>
    tags.every(({ matches, excludes }) => matches(tag) !== excludes) && !isAccessoryTag(tag);
  const isLabelled = (held: readonly string[]): boolean =>
    labels.every(({ values, excludes }) => values.every((label) => held.includes(label)) !== excludes);

  return {
    repository: (name) => names.every(({ matches }) => matches(name)),
    tag: passes,
    narrows: tags.length > 0 || labels.length > 0 || imagesOnly,
    imagesOnly,
    platforms: {
      matches: platforms.flatMap(({ values, excludes }) => (excludes ? [] : values)),
      excludes: platforms.flatMap(({ values, excludes }) => (excludes ? values : [])),
    },

    references({ digest, tags: held, labels: given, type = "IMAGE" }) {
      if (!isLabelled(given) || (imagesOnly && type !== "IMAGE")) return [];
      // What has no tag is matched as if its tag were empty.
      if (held.length === 0) return digest !== undefined && passes("") ? [digest] : [];
      return held.filter(passes);
    },
  };
}

/**
 * Signatures, attestations and SBOMs under the tags that cosign and the referrers fallback give them: they go where their
 * subject goes, and are not chosen by themselves.
 */
export function isAccessoryTag(tag: string): boolean {
  return subjectOfTag(tag) !== undefined;
}

/** The digest of what a tag like `sha256-….sig` is about. Distribution spec, "Referrers Tag Schema". */
export function subjectOfTag(tag: string): string | undefined {
  const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]{64}(?:[0-9a-f]{64})?)(?:\.[a-z]+)?$/.exec(tag) ?? [];
  return algorithm === undefined || hex === undefined ? undefined : `${algorithm}:${hex}`;
}

/**
 * The filters of a draft as they are stored, lists as lists and without those that let everything through.
 *
 * Throws `BAD_REQUEST` for a value or a decoration that the filter's kind does not have.
 */
export function toFilters(drafted: readonly ReplicationFilter[]): ReplicationFilter[] {
  return drafted.map(({ type, value, decoration }) => {
    const isList = type === "label" || type === "platform";
    if ((type === "name" || type === "resource") && decoration !== undefined) {
      throw new Fault("BAD_REQUEST", `a ${type} filter has no decoration: it always says what to take`);
    }
    const decorated = decoration === undefined ? {} : { decoration };
    if (isList) return { type, value: toList(type, value), ...decorated };
    if (typeof value !== "string") throw new Fault("BAD_REQUEST", `the value of a ${type} filter is a text`);
    if (type === "resource" && !["", "image", "artifact"].includes(value)) {
      throw new Fault("BAD_REQUEST", `a resource filter says image or artifact, not ${value}`);
    }
    if (type !== "resource") compilePattern(value);
    return { type, value, ...decorated };
  });
}

function toList(type: string, value: string | string[]): string[] {
  const values = (typeof value === "string" ? value.split(",") : value).map((one) => one.trim());
  const named = values.filter((one) => one !== "");
  if (named.length === 0) throw new Fault("BAD_REQUEST", `a ${type} filter names at least one ${type}`);
  const odd =
    type === "platform" ? named.find((one) => !/^[\w.-]+\/[\w.-]+(\/[\w.-]+)?$/.test(one)) : undefined;
  if (odd !== undefined) throw new Fault("BAD_REQUEST", `${odd} is no platform: one is like linux/arm64`);
  return named;
}

function patternsOf(filters: readonly ReplicationFilter[], wanted: "name" | "tag") {
  return filters.flatMap(({ type, value, decoration }) =>
    type === wanted && typeof value === "string"
      ? [{ matches: compilePattern(value), excludes: decoration === "excludes" }]
      : [],
  );
}

function listsOf(filters: readonly ReplicationFilter[], wanted: "label" | "platform") {
  return filters.flatMap(({ type, value, decoration }) =>
    type === wanted && typeof value !== "string"
      ? [{ values: value, excludes: decoration === "excludes" }]
      : [],
  );
}
