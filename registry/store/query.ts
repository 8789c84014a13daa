import { Fault } from "../contract/fault.ts";
import type { Condition, Listing, Where } from "./documents.ts";
import { compare, meets, parseCondition } from "./conditions.ts";

/** What a client asked for, by key, as written: `x`, `~part`, `[from~to]`, `{a b}`. */
export type Query = Record<string, string>;

type Scalar = string | number | boolean;
type Sort<D> = NonNullable<Listing<D>["sort"]>;

/**
 * Reads Harbor's `q`. Keys may be spelled as columns or as Go fields; later ones replace earlier ones.
 *
 * Throws `BAD_REQUEST` for a part without key, value or `=`. Harbor API 1.4.
 */
export function parseQuery(q: string | undefined): Query {
  const query = new Map<string, string>();
  for (const part of unescapeAgain(q ?? "").split(",")) {
    if (part.trim() === "" && !q?.includes(",")) continue;
    const at = part.indexOf("=");
    const [key, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 0 || key === "" || value === "") throw malformed(part);
    const [, field = "", suffix = ""] = /^(.+?)(__[a-z]+)?$/.exec(key) ?? [];
    const form = forms[suffix];
    if (form) query.set(toColumn(field), form(value));
    // An unknown suffix makes an unknown key, and those are ignored.
  }
  return Object.fromEntries(query);
}

/** The conditions of `query` on those of its keys that are among `fields`; the rest is ignored. Throws `BAD_REQUEST`. */
export function whereOf<D>(query: Query, fields: readonly (keyof D & string)[]): Where<D> {
  const where: Record<string, Condition<Scalar>> = {};
  for (const field of fields) {
    const asked = Object.hasOwn(query, field) ? query[field] : undefined;
    if (asked !== undefined) where[field] = conditionOf(asked);
  }
  return where as Where<D>;
}

/** Says whether a value that was made up in memory meets the query, as a collection would. */
export function matches<D extends object>(
  value: D,
  query: Query,
  fields: readonly (keyof D & string)[],
): boolean {
  const where = Object.entries<unknown>(whereOf<D>(query, fields));
  return where.every(([field, condition]) => meets(parseCondition(condition), value[field as keyof D]));
}

/** Those of the asked fields that may be sorted by; `otherwise` when none is left. */
export function sortOf<D>(
  sort: string | undefined,
  fields: readonly (keyof D & string)[],
  otherwise: Sort<D>,
): Sort<D> {
  const asked = (sort ?? "").split(",").map((part) => part.trim());
  const keys = asked.map((part) => (part.startsWith("-") ? `-${toColumn(part.slice(1))}` : toColumn(part)));
  const known = keys.filter((key) => (fields as readonly string[]).includes(key.replace(/^-/, "")));
  return known.length > 0 ? (known as unknown as Sort<D>) : otherwise;
}

export function sortBy<D extends object>(
  values: readonly D[],
  sort: string | undefined,
  fields: readonly (keyof D & string)[],
  otherwise: Sort<D>,
): D[] {
  const keys = sortOf(sort, fields, otherwise).map((key: string) => {
    const [field, sign] = key.startsWith("-") ? [key.slice(1), -1] : [key, 1];
    return (a: D, b: D) => sign * compare(a[field as keyof D], b[field as keyof D]);
  });
  return [...values].sort((a, b) => {
    for (const key of keys) {
      const order = key(a, b);
      if (order !== 0) return order;
    }
    return 0;
  });
}

interface Asked {
  q?: string | undefined;
  sort?: string | undefined;
  page?: number | undefined;
  page_size?: number | undefined;
}

/** The listing that a list operation's input asks for. Throws `BAD_REQUEST`. */
export function listingOf<D>(
  { q, sort, page = 1, page_size = 10 }: Asked,
  allowed: { fields: readonly (keyof D & string)[]; sort: Sort<D> },
): Listing<D> & { where: Where<D> } {
  return {
    where: whereOf<D>(parseQuery(q), allowed.fields),
    sort: sortOf<D>(sort, allowed.fields, allowed.sort),
    skip: (page - 1) * page_size,
    limit: page_size,
  };
}

function conditionOf(asked: string): Condition<Scalar> {
  const inside = asked.slice(1, -1).trim();
  switch (`${asked[0] ?? ""}${asked.at(-1) ?? ""}`) {
    case "[]":
      return rangeOf(inside);
    case "{}":
      return { in: inside.split(/\s+/).filter(Boolean).flatMap(readingsOf) };
    case "()": {
      const all = inside.split(/\s+/).filter(Boolean);
      if (all.length !== 1) throw new Fault("BAD_REQUEST", `q cannot ask for all of (${inside}) here`);
      return { in: readingsOf(all[0] ?? "") };
    }
  }
  if (asked.startsWith("~") && asked.length > 1) return { contains: asked.slice(1) };
  if (/^[~[{(]/.test(asked)) throw malformed(asked);
  const text = asked.replace(/^\\/, "");
  const readings = plainReadingsOf(text);
  return readings.length === 1 ? text : { in: readings };
}

function rangeOf(inside: string): Condition<Scalar> {
  const [from = "", to = "", ...more] = inside.split("~").map((end) => end.trim());
  if (!inside.includes("~") || more.length > 0 || (from === "" && to === "")) throw malformed(`[${inside}]`);
  return { ...(from === "" ? {} : { from: memberOf(from) }), ...(to === "" ? {} : { to: memberOf(to) }) };
}

/** A member of a range or list: a time, else a whole number, else a text without the quotes around it. */
function memberOf(text: string): Scalar {
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d$/.test(text)) return `${text.replace(" ", "T")}.000Z`;
  return isWhole(text) ? Number(text) : text.replace(/^['"]|['"]$/g, "");
}

/** The column decides what a value is, and only the documents know the column: so every reading counts. */
function plainReadingsOf(text: string): Scalar[] {
  if (text === "true" || text === "false") return [text, text === "true"];
  return isWhole(text) ? [text, Number(text)] : [text];
}

const readingsOf = (text: string): Scalar[] => [...new Set([...plainReadingsOf(text), memberOf(text)])];

const isWhole = (text: string): boolean => /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text));

/** `CreationTime` and `creation_time` are the same to Harbor. */
const toColumn = (key: string): string => key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/** Django's suffixes, which older clients still send. */
const forms: Record<string, (value: string) => string> = {
  "": (value) => value,
  __exact: (value) => `\\${value}`,
  __icontains: (value) => `~${value}`,
  __in: (value) => `{${value}}`,
  __gte: (value) => `[${value}~]`,
  __lte: (value) => `[~${value}]`,
};

/** Harbor decodes `q` once more than HTTP does. */
function unescapeAgain(q: string): string {
  try {
    return decodeURIComponent(q.replaceAll("+", " "));
  } catch {
    throw malformed(q);
  }
}

const malformed = (part: string): Fault =>
  new Fault("BAD_REQUEST", `q has a part that cannot be read: ${part.slice(0, 100)}`);
