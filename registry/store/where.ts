import { Fault } from "../contract/fault.ts";
import { parseCondition, type Parsed } from "./conditions.ts";
import type { Listing, Where } from "./documents.ts";
import type { HashIndex } from "./hash-index.ts";

type Parts = [field: string, condition: Parsed][];
type Indexes<D> = Record<string, HashIndex<D>>;
type NedbQuery = Record<string, unknown>;

/** A `Where` taken apart. One that names a field with no value for it holds for nothing: it must never mean everything. */
export function partsOf<D>(where: Where<D>): Parts {
  return Object.entries<unknown>(where).map(([field, condition]) => {
    // To NeDB these would be operators and paths.
    if (/^\$|\./.test(field)) throw new Fault("BAD_REQUEST", `${field} is not a field`);
    return [field, parseCondition(condition)];
  });
}

/**
 * The query in NeDB's words. NeDB goes by the last equality that has an index, so the one that leaves the fewest
 * documents stands last.
 */
export function toNedbQuery<D>(parts: Parts, indexes: Indexes<D>): NedbQuery {
  const left = (field: string, parsed: Parsed): number =>
    parsed.kind === "is" ? (indexes[field]?.countOf(parsed.value) ?? Infinity) : Infinity;
  const ordered = parts.map(([field, parsed]) => ({ field, parsed, left: left(field, parsed) }));
  ordered.sort((a, b) => (a.left === b.left ? 0 : b.left - a.left));
  return Object.fromEntries(ordered.map(({ field, parsed }) => [field, toNedb(parsed)]));
}

function toNedb(parsed: Parsed): unknown {
  switch (parsed.kind) {
    case "is":
      return parsed.value === undefined ? { $in: [] } : parsed.value;
    case "in":
      return { $in: parsed.values };
    case "contains":
      return parsed.pattern;
    case "range":
      return {
        ...("from" in parsed ? { $gte: parsed.from } : {}),
        ...("to" in parsed ? { $lte: parsed.to } : {}),
      };
  }
}

/** NeDB's sort: 1 up, -1 down, the first key counts most. */
export function toNedbSort<D>(sort: NonNullable<Listing<D>["sort"]>): Record<string, 1 | -1> {
  const keys = sort.map((key: string): [string, 1 | -1] =>
    key.startsWith("-") ? [key.slice(1), -1] : [key, 1],
  );
  return Object.fromEntries(keys);
}

/** Documents among which all that meet equalities are, by the best index; `undefined` if no index helps. */
export function candidatesOf<D>(parts: Parts, indexes: readonly HashIndex<D>[]): Iterable<D> | undefined {
  const equal = new Map<string, unknown>();
  for (const [field, parsed] of parts) if (parsed.kind === "is") equal.set(field, parsed.value);
  let best: { index: HashIndex<D>; value: unknown; count: number } | undefined;
  for (const index of indexes) {
    if (!index.fields.every((field) => equal.has(field))) continue;
    const value = index.fields.length === 1 ? equal.get(index.fieldName) : Object.fromEntries(equal);
    const count = index.countOf(value);
    if (!best || count < best.count) best = { index, value, count };
  }
  return best?.index.documentsOf(best.value);
}
