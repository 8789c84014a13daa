import type { AuditEntry } from "../contract/audit.ts";
import type { Condition } from "../store/documents.ts";
import { meets, type Parsed, parseCondition } from "../store/conditions.ts";
import { parseQuery, whereOf } from "../store/query.ts";
import { entryOf, type Head, headOf, written } from "./audit-lines.ts";
import { monthOf } from "./audit-months.ts";

export interface Filter {
  /** Nothing is asked for: every line passes. */
  all: boolean;
  /** Whether a month's file can hold what is asked for. */
  month(month: string): boolean;
  /** Whether a line is an entry that is asked for. Most are told apart without being parsed. */
  passes(line: string): boolean;
}

/** The fields of the contract that say what is asked for. */
export interface Asked {
  q?: string | undefined;
  username?: string | undefined;
  operation?: string | undefined;
  resource?: string | undefined;
  resource_type?: string | undefined;
  from_time?: string | undefined;
  to_time?: string | undefined;
}

type Field = keyof AuditEntry;

const fields = [
  "username",
  "resource",
  "resource_type",
  "operation",
  "operation_result",
  "op_time",
  "from",
] as const satisfies readonly Field[];

/** One field's condition, as it was given and as it is met. */
interface Part {
  field: Field;
  condition: unknown;
  parsed: Parsed;
}

/**
 * What is asked for, of these projects only; `undefined` is all of them, and what belongs to none. Throws `BAD_REQUEST`
 * for a `q` that cannot be read.
 */
export function filterOf(asked: Asked, projects: ReadonlySet<number> | undefined): Filter {
  const parts = partsOf(asked);
  const times = parts.filter(({ field }) => field === "op_time").map(({ parsed }) => parsed);
  const others = parts.filter(({ field }) => field !== "op_time");
  const signs = others.flatMap((part) => signOf(part) ?? []);
  const from = ends(times, "from").at(-1);
  const [to] = ends(times, "to");

  function within({ op_time, project_id }: Head): boolean {
    if (projects && (project_id === undefined || !projects.has(project_id))) return false;
    return times.every((time) => meets(time, op_time));
  }

  return {
    all: parts.length === 0 && projects === undefined,

    month: (month) =>
      (from === undefined || month >= monthOf(from)) && (to === undefined || month <= monthOf(to)),

    passes(line) {
      const head = headOf(line);
      if (!head || !within(head)) return false;
      if (others.length === 0) return true;
      if (!signs.every((sign) => sign(line))) return false;
      const entry = entryOf(line);
      return entry !== undefined && others.every(({ field, parsed }) => meets(parsed, entry[field]));
    },
  };
}

function partsOf({ q, from_time, to_time, ...plain }: Asked): Part[] {
  const { username, operation, resource, resource_type } = plain;
  const range = {
    ...(from_time === undefined ? {} : { from: instantOf(from_time, "T00:00:00.000Z") }),
    ...(to_time === undefined ? {} : { to: instantOf(to_time, "T23:59:59.999Z") }),
  };
  const given: [Field, Condition<string> | undefined][] = [
    ["username", username === undefined ? undefined : { contains: username }],
    ["resource", resource === undefined ? undefined : { contains: resource }],
    ["operation", operation],
    ["resource_type", resource_type],
    ["op_time", Object.keys(range).length > 0 ? range : undefined],
  ];
  const inQuery = Object.entries(whereOf<AuditEntry>(parseQuery(q), fields)) as [Field, unknown][];
  return [...given, ...inQuery].flatMap(([field, condition]) =>
    condition === undefined ? [] : [{ field, condition, parsed: parseCondition(condition) }],
  );
}

/** The moment that a time means; of a day, its first or its last. */
function instantOf(time: string, ofDay: string): string {
  return time.includes("T") ? new Date(time).toISOString() : time + ofDay;
}

/** A sign in a line's text without which it cannot meet the condition; `undefined` if there is none to look for. */
function signOf({ field, condition, parsed }: Part): ((line: string) => boolean) | undefined {
  if (parsed.kind === "is") {
    const sign = `"${field}":${written(parsed.value)}`;
    return (line) => line.includes(sign);
  }
  if (parsed.kind !== "contains") return undefined;
  const { pattern } = parsed;
  const { contains } = condition as { contains: string };
  // Only a text that a line holds as it is: without quotes, backslashes, and what is not ASCII.
  return /^[ !#-[\]-~]*$/.test(contains) ? (line) => pattern.test(line) : undefined;
}

/** The times that ranges begin, or end, with: the earliest first. */
function ends(times: readonly Parsed[], which: "from" | "to"): string[] {
  const found = times.map((time) => (time.kind === "range" ? time[which] : undefined));
  return found.filter((end): end is string => typeof end === "string" && /^\d{4}-\d\d/.test(end)).sort();
}
