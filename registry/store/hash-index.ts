import { Fault } from "../contract/fault.ts";

/** What NeDB asks of an index. */
export interface NedbIndex<D> {
  readonly fieldName: string;
  readonly unique: boolean;
  readonly sparse: boolean;
  reset(documents?: readonly D[]): void;
  insert(document: D): void;
  remove(document: D): void;
  update(before: D, after: D): void;
  revertUpdate(before: D, after: D): void;
  getMatching(value: unknown): D[];
  getBetweenBounds(bounds: { $gte?: unknown; $lte?: unknown }): D[];
  getAll(): D[];
}

export interface HashIndex<D> extends NedbIndex<D> {
  readonly fields: readonly string[];
  /** How many different values there are. */
  readonly size: number;
  /** How many documents an equality would leave. */
  countOf(value: unknown): number;
  documentsOf(value: unknown): Iterable<D>;
  firstOf(value: unknown): D | undefined;
}

interface Options<D> {
  fields: readonly string[];
  unique: boolean;
  /** The values under which a document is found: several when its field is a list, none when it has no such field. */
  valuesOf: (document: D) => readonly unknown[];
  /** The value of `valuesOf` that a query's value means, when they are not the same. */
  toValue?: (asked: unknown) => unknown;
  /** What the collection has already, for the message of `CONFLICT`. */
  conflict: (document: D) => string;
}

/**
 * Finds documents by a value in one step.
 *
 * NeDB's own trees filter, at every change, the whole list of documents that share a value: in a repository with a
 * hundred thousand artifacts each removal would cost as much as a search through all of them.
 */
export function createHashIndex<D extends object>(options: Options<D>): HashIndex<D> {
  const { fields, unique, valuesOf, conflict, toValue = (asked) => asked } = options;
  // Most values have one document, and need no set.
  const buckets = new Map<unknown, D | Set<D>>();

  function insert(document: D): void {
    const values = valuesOf(document);
    if (unique && values.some((value) => buckets.has(value))) throw new Fault("CONFLICT", conflict(document));
    for (const value of values) {
      const bucket = buckets.get(value);
      if (bucket instanceof Set) bucket.add(document);
      else buckets.set(value, bucket === undefined ? document : new Set([bucket, document]));
    }
  }

  function remove(document: D): void {
    for (const value of valuesOf(document)) {
      const bucket = buckets.get(value);
      if (bucket === document) buckets.delete(value);
      else if (bucket instanceof Set && bucket.delete(document) && bucket.size === 0) buckets.delete(value);
    }
  }

  function update(before: D, after: D): void {
    remove(before);
    try {
      insert(after);
    } catch (error) {
      insert(before);
      throw error;
    }
  }

  function listOf(bucket: D | Set<D> | undefined): Iterable<D> {
    if (bucket instanceof Set) return bucket;
    return bucket === undefined ? [] : [bucket];
  }

  const documentsOf = (value: unknown): Iterable<D> => listOf(buckets.get(toValue(value)));

  function within(value: unknown, { $gte, $lte }: { $gte?: unknown; $lte?: unknown }): boolean {
    const comparable = value as string;
    return (
      ($gte === undefined || comparable >= ($gte as string)) &&
      ($lte === undefined || comparable <= ($lte as string))
    );
  }

  return {
    fieldName: [...fields].sort().join(","),
    fields,
    unique,
    sparse: true,
    insert,
    remove,
    update,
    documentsOf,
    revertUpdate: (before, after) => update(after, before),
    get size() {
      return buckets.size;
    },

    countOf(value) {
      const bucket = buckets.get(toValue(value));
      if (bucket instanceof Set) return bucket.size;
      return bucket === undefined ? 0 : 1;
    },

    firstOf(value) {
      const bucket = buckets.get(toValue(value));
      return bucket instanceof Set ? bucket.values().next().value : bucket;
    },

    reset(documents = []) {
      buckets.clear();
      for (const document of documents) insert(document);
    },

    getMatching(value) {
      if (!Array.isArray(value)) return [...documentsOf(value)];
      return [...new Set(value.flatMap((one) => [...documentsOf(one)]))];
    },

    getBetweenBounds(bounds) {
      const found = new Set<D>();
      for (const [value, bucket] of buckets) {
        if (within(value, bounds)) for (const document of listOf(bucket)) found.add(document);
      }
      return [...found];
    },

    getAll() {
      const all: D[] = [];
      for (const bucket of buckets.values()) for (const document of listOf(bucket)) all.push(document);
      return all;
    },
  };
}
