/**
 * Where everything but bytes is kept: collections of small documents.
 *
 * A write is on disk when its promise resolves. A document is replaced whole or not at all; there are no transactions, so
 * rules order their writes. Every engine passes `test/store/documents`.
 */
export type Condition<V> =
  | V
  | { in: readonly V[] }
  /** Both ends belong to the range. */
  | { from?: V; to?: V }
  /** A part of a text, upper and lower case alike. */
  | { contains: string };

type ElementOf<V> = V extends readonly (infer E)[] ? E : V;

/** All conditions hold. On a field that is a list, a condition holds if it does for one element. */
export type Where<D> = { [F in keyof D]?: Condition<ElementOf<NonNullable<D[F]>>> };

export interface Listing<D> {
  where?: Where<D>;
  /** First field first; a minus turns its order round. */
  sort?: readonly `${"" | "-"}${keyof D & string}`[];
  skip?: number;
  limit?: number;
}

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
  /** Sets these fields of the document of that key, and says whether there was one. */
  update(key: string, change: Partial<D>): Promise<boolean>;
  /** Adds to a number in one step, so that parallel additions all count. */
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
