import { Fault } from "../contract/fault.ts";

/** A condition as it is stored in a `Where`, told apart from a bare value. */
export type Parsed =
  | { kind: "is"; value: unknown }
  | { kind: "in"; values: readonly unknown[] }
  | { kind: "range"; from?: unknown; to?: unknown }
  | { kind: "contains"; pattern: RegExp };

/** Throws `BAD_REQUEST` for what no engine could look up: objects and lists are not compared. */
export function parseCondition(condition: unknown): Parsed {
  if (condition === null || typeof condition !== "object") return { kind: "is", value: condition };
  if ("in" in condition && Array.isArray(condition.in)) return { kind: "in", values: condition.in };
  if ("contains" in condition && typeof condition.contains === "string") {
    return { kind: "contains", pattern: new RegExp(condition.contains.replace(special, "\\$&"), "iu") };
  }
  if ("from" in condition || "to" in condition) {
    const { from, to } = condition as { from?: unknown; to?: unknown };
    return { kind: "range", ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  }
  throw new Fault("BAD_REQUEST", "a condition is a value, in, from and to, or contains");
}

/** What means something else than itself in a regular expression. */
const special = /[\\^$.*+?()[\]{}|/]/g;

/** On a list, it is enough that one element meets the condition. */
export function meets(parsed: Parsed, value: unknown): boolean {
  return Array.isArray(value) ? value.some((element) => meetsOne(parsed, element)) : meetsOne(parsed, value);
}

function meetsOne(parsed: Parsed, value: unknown): boolean {
  if (value === undefined) return false;
  switch (parsed.kind) {
    case "is":
      return value === parsed.value;
    case "in":
      return parsed.values.includes(value);
    case "contains":
      return typeof value === "string" && parsed.pattern.test(value);
    case "range":
      return isWithin(value, parsed.from, parsed.to);
  }
}

function isWithin(value: unknown, from: unknown, to: unknown): boolean {
  const comparable = (end: unknown): boolean => end === undefined || typeof end === typeof value;
  if (!comparable(from) || !comparable(to)) return false;
  return (from === undefined || compare(value, from) >= 0) && (to === undefined || compare(value, to) <= 0);
}

/** Absent before numbers before texts before truth values; texts by their code units. */
export function compare(a: unknown, b: unknown): number {
  const [left, right] = [rank(a), rank(b)];
  if (left !== right) return left - right;
  if (a === b || left === 0) return 0;
  return (a as string) < (b as string) ? -1 : 1;
}

function rank(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number") return 1;
  return typeof value === "string" ? 2 : 3;
}
