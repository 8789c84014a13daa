import type { CollectionSpec } from "./documents.ts";
import { createHashIndex, type HashIndex } from "./hash-index.ts";

/** The index of keys, and those that the collection's spec asks for. */
export function indexesOf<D extends object>(
  spec: CollectionSpec<D>,
): { keys: HashIndex<D>; others: HashIndex<D>[] } {
  const keys = createHashIndex<D>({
    fields: ["_id"],
    unique: true,
    valuesOf: (document) => [spec.key(document)],
    conflict: (document) => `${spec.name} has ${spec.key(document)} already`,
  });
  const make = (unique: boolean) => (fields: readonly (keyof D & string)[]) =>
    createHashIndex<D>({
      fields,
      unique,
      ...(fields.length === 1 && fields[0] !== undefined ? ofOne<D>(fields[0]) : ofSeveral<D>(fields)),
      conflict: (document) => {
        const values = fields.map((field) => `${field} ${String(document[field])}`);
        return `${spec.name} has one with ${values.join(" and ")} already`;
      },
    });
  return { keys, others: [...(spec.unique ?? []).map(make(true)), ...(spec.index ?? []).map(make(false))] };
}

/** A document without the field is not found by it, and does not stand in the way of another one without. */
function ofOne<D extends object>(field: keyof D) {
  return {
    valuesOf(document: D): readonly unknown[] {
      const value = document[field];
      if (Array.isArray(value)) return [...new Set<unknown>(value)];
      return value === undefined ? [] : [value];
    },
  };
}

function ofSeveral<D extends object>(fields: readonly (keyof D & string)[]) {
  const together = (values: Partial<D>): string =>
    JSON.stringify(fields.map((field) => values[field] ?? null));
  return {
    valuesOf: (document: D) =>
      fields.some((field) => document[field] === undefined) ? [] : [together(document)],
    toValue: (asked: unknown) => together(asked as Partial<D>),
  };
}
