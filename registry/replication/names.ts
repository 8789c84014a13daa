import type { ReplicationFilter } from "../contract/replication.ts";

/** Texts that a pattern stands for, when it has nothing in it but alternatives; `undefined` when it has more. */
function textsOf(pattern: string): string[] | undefined {
  if (/[*?[\]\\]/.test(pattern) || pattern === "") return undefined;
  const [, before = "", inner, after = ""] = /^([^{}]*)\{([^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (inner === undefined) return /[{}]/.test(pattern) ? undefined : [pattern];
  const texts = inner.split(",").map((one) => textsOf(before + one + after));
  return texts.every((some) => some !== undefined) ? texts.flat() : undefined;
}

const namesIn = (filters: readonly ReplicationFilter[]): string[] =>
  filters.flatMap(({ type, value }) => (type === "name" && typeof value === "string" ? [value] : []));

/** The repositories that a rule can mean, if its filters name them: then nothing else needs to be listed. */
export function namedRepositories(filters: readonly ReplicationFilter[]): string[] | undefined {
  const named = namesIn(filters)
    .map(textsOf)
    .find((texts) => texts !== undefined);
  return named && [...new Set(named)].sort();
}

/** The same for projects, the first part of a name: those of `{dev,qa}/**` are two. */
export function namedProjects(filters: readonly ReplicationFilter[]): string[] | undefined {
  const named = namesIn(filters)
    .map((pattern) => firstPartOf(pattern))
    .map((part) => (part === undefined ? undefined : textsOf(part)))
    .find((texts) => texts !== undefined);
  return named && [...new Set(named)].sort();
}

/** Before the first slash that stands in no braces. */
function firstPartOf(pattern: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === "\\") return undefined;
    if (pattern[at] === "{") depth += 1;
    if (pattern[at] === "}") depth -= 1;
    if (pattern[at] === "/") return depth === 0 ? pattern.slice(0, at) : undefined;
  }
  return undefined;
}
