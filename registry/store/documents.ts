/**
 * Where everything but bytes is kept: collections of small documents.
 *
 * A write is on disk when its promise resolves; others may read it a moment before. A document is replaced whole or not
 * at all; there are no transactions, so rules order their writes. A document is JSON: what JSON does not hold is refused
 * with `BAD_REQUEST`, and so is a field named `__proto__`. On a disk that is full or fails, writes throw
 * `INSUFFICIENT_STORAGE` or `SERVICE_UNAVAILABLE` and have not happened. Every engine passes `test/store/documents`.
 */
export type Condition<V> =
  | V
  | { in: readonly V[] }
  /** Both ends belong to the range. */
  | { from?: V; to?: V }
  /** A part of a text, upper and lower case alike. */
  | { contains: string };

type ElementOf<V> = V extends readonly (infer E)[] ? E : V;

/** All conditions hold; one that is `undefined` holds for nothing. On a field that is a list, a condition holds if it does for one element. */
export type Where<D> = { [F in keyof D]?: Condition<ElementOf<NonNullable<D[F]>>> };

export interface Listing<D> {
  where?: Where<D>;
  /** First field first; a minus turns its order round. */
  sort?: readonly `${"" | "-"}${keyof D & string}`[];
  skip?: number;
  limit?: number;
}

/** The fields of what is given out may be set; what lies deeper is frozen. */
export interface Collection<D extends object> {
  /** The document of that key. Memory only: never waits for a write. */
  get(key: string): Promise<D | undefined>;
  find(where: Where<D>): Promise<D | undefined>;
  list(listing?: Listing<D>): Promise<D[]>;
  count(where?: Where<D>): Promise<number>;
  /** Throws `CONFLICT` when the key or a unique index has it already. */
  insert(document: D): Promise<void>;
  /** Inserts, or replaces the document of the same key. Throws `CONFLICT` on another unique index. */
  put(document: D): Promise<void>;
  /** Sets these fields of the document of that key, removes those that are `undefined`, and says whether there was one. */
  update(key: string, change: Partial<D>): Promise<boolean>;
  /** Adds to a number, absent is 0, in one step, so that parallel additions all count. Throws `NOT_FOUND`. */
  increase(key: string, field: keyof D & string, by: number): Promise<void>;
  /** Removes the document of that key, and says whether there was one. */
  remove(key: string): Promise<boolean>;
  removeAll(where: Where<D>): Promise<number>;
}

/** What a collection is: its documents' key, and its indexes. Each index is one field or several together. */
export interface CollectionSpec<D extends object> {
  name: string;
  key: (document: D) => string;
  unique?: readonly (readonly (keyof D & string)[])[];
  index?: readonly (readonly (keyof D & string)[])[];
}

export interface Documents {
  collection<D extends object>(spec: CollectionSpec<D>): Promise<Collection<D>>;
  /** Waits for what is being written, and gives the files back. */
  close(): Promise<void>;
}
