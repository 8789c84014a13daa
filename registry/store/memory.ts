import { meets } from "./conditions.ts";
import type { CollectionSpec, Listing, Where } from "./documents.ts";
import type { HashIndex, NedbIndex } from "./hash-index.ts";
import { indexesOf } from "./indexes.ts";
import { candidatesOf, partsOf, toNedbQuery, toNedbSort } from "./where.ts";

/** What is used of NeDB: its bookkeeping of indexes, which is all or nothing, and its queries. */
export interface NedbStore<D> {
  indexes: Record<string, NedbIndex<D>>;
  _addToIndexes(document: D): void;
  _removeFromIndexes(document: D): void;
  _updateIndexes(before: D, after: D): void;
  findAsync(query: object): NedbCursor<D>;
  countAsync(query: object): NedbCursor<D>;
}

interface NedbCursor<D> {
  /** What is made of the documents found; by itself NeDB copies them to the bottom. */
  mapFn: (documents: D[]) => unknown;
  sort(sort: object): this;
  skip(count: number): this;
  limit(count: number): this;
  execAsync(): Promise<unknown>;
}

/** A collection's documents in memory: frozen, and changed all at once or not at all. */
export interface Memory<D> {
  readonly size: number;
  all(): D[];
  get(key: string): D | undefined;
  /** These three throw `CONFLICT`, having changed nothing. */
  add(document: D): void;
  replace(before: D, after: D): void;
  drop(document: D): void;
  find(where: Where<D>): D | undefined;
  list(listing: Listing<D>): Promise<D[]>;
  count(where: Where<D>): Promise<number>;
}

export function createMemory<D extends object>(nedb: NedbStore<D>, spec: CollectionSpec<D>): Memory<D> {
  const { keys, others } = indexesOf(spec);
  const indexes: Record<string, HashIndex<D>> = Object.fromEntries(
    others.map((index) => [index.fieldName, index]),
  );
  nedb.indexes = { _id: keys, ...indexes };

  return {
    get size() {
      return keys.size;
    },
    all: () => keys.getAll(),
    get: (key) => keys.firstOf(key),
    add: (document) => nedb._addToIndexes(document),
    replace: (before, after) => nedb._updateIndexes(before, after),
    drop: (document) => nedb._removeFromIndexes(document),

    find(where) {
      // One text to look up: what every request asks for, and more than once.
      const [[field = "", value] = [], ...further] = Object.entries<unknown>(where);
      const index = further.length === 0 && typeof value === "string" ? indexes[field] : undefined;
      if (index) return index.firstOf(value);
      const parts = partsOf(where);
      for (const document of candidatesOf(parts, others) ?? keys.getAll()) {
        if (parts.every(([field, condition]) => meets(condition, document[field as keyof D])))
          return document;
      }
      return undefined;
    },

    async list({ where = {}, sort = [], skip = 0, limit }) {
      if (limit === 0) return [];
      const cursor = nedb.findAsync(toNedbQuery(partsOf(where), indexes)).skip(skip);
      if (limit !== undefined) cursor.limit(limit);
      if (sort.length > 0) cursor.sort(toNedbSort(sort));
      cursor.mapFn = (documents) => documents;
      return (await cursor.execAsync()) as D[];
    },

    async count(where) {
      const parts = partsOf(where);
      const [field, condition] = parts[0] ?? [];
      if (field === undefined) return keys.size;
      const index = parts.length === 1 ? indexes[field] : undefined;
      if (index && condition?.kind === "is") return index.countOf(condition.value);
      return (await nedb.countAsync(toNedbQuery(parts, indexes)).execAsync()) as number;
    },
  };
}
