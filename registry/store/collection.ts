import { setImmediate as breathe } from "node:timers/promises";
import { Fault } from "../contract/fault.ts";
import type { Collection, CollectionSpec } from "./documents.ts";
import { keepRefused, readGuarded } from "./guard.ts";
import { createJournal } from "./journal.ts";
import { type FileState, putEntry, removeEntry } from "./lines.ts";
import type { Locks } from "./locks.ts";
import { createMemory, type Memory, type NedbStore } from "./memory.ts";
import { freezeCopy } from "./plain.ts";
import { hasRoomFor, keepGeneration, writeBeside, writeDocuments } from "./rewriting.ts";

interface Options<D extends object> {
  spec: CollectionSpec<D>;
  nedb: NedbStore<D>;
  path: string;
  known: boolean;
  onTrouble: (message: string) => void;
  rewriting: Locks;
  now: () => Date;
}

/** A file smaller than this is not worth writing anew while the registry runs. */
const smallFile = 16 * 1024 * 1024;
/** Documents handled before other work has its turn. */
const slice = 1000;

/** One collection: its documents in memory, and the file that every change goes to. */
export async function openCollection<D extends object>(options: Options<D>) {
  const { spec, path, rewriting } = options;
  const memory = createMemory(options.nedb, spec);
  const state = await load(options, memory);
  const journal = createJournal({ path, name: spec.name, state });
  let shrinking = false;
  let tryAbove = smallFile;

  /** What is dead in the file weighs most of it: four lines for each document. */
  const isBloated = ({ bytes, lines }: FileState): boolean => bytes > tryAbove && lines > 4 * memory.size;

  async function shrink(): Promise<void> {
    const { bytes, lines } = journal.state;
    const live = (bytes / Math.max(lines, 1)) * memory.size;
    if (!(await hasRoomFor(path, live))) return;
    await rewriting.lock("rewriting", () =>
      journal.replace(() => {
        const documents = memory.all();
        return () => writeBeside(path, documents);
      }),
    );
  }

  /** In the order of the changes in memory. `undo` takes this one back, when all later ones are. */
  async function save(entry: string, undo: () => void): Promise<void> {
    await journal.append(entry, undo);
    if (shrinking || !isBloated(journal.state)) return;
    shrinking = true;
    // On a full disk the old file goes on, and is tried again when it has grown.
    const after = (): void => {
      tryAbove = Math.max(smallFile, journal.state.bytes + smallFile / 2);
      shrinking = false;
    };
    void shrink().then(after, after);
  }

  function insert(after: D): Promise<void> {
    memory.add(after);
    return save(putEntry(after), () => memory.drop(after));
  }

  function replace(before: D, after: D): Promise<void> {
    if (spec.key(before) !== spec.key(after))
      throw new Fault("BAD_REQUEST", `the key of ${spec.name} cannot change`);
    memory.replace(before, after);
    return save(putEntry(after), () => memory.replace(after, before));
  }

  function remove(before: D): Promise<void> {
    memory.drop(before);
    return save(removeEntry(spec.key(before)), () => memory.add(before));
  }

  // Each write changes memory before it first waits, so that no other one comes between reading and changing.
  const collection: Collection<D> = {
    get: (key) => Promise.resolve(copyOf(memory.get(key))),
    find: async (where) => copyOf(memory.find(where)),
    list: async (listing = {}) => (await memory.list(listing)).map((document) => ({ ...document })),
    count: (where = {}) => memory.count(where),

    async insert(document) {
      journal.assertOpen();
      await insert(freezeCopy(document));
    },

    async put(document) {
      journal.assertOpen();
      const after = freezeCopy(document);
      const before = memory.get(spec.key(after));
      await (before ? replace(before, after) : insert(after));
    },

    async update(key, change) {
      journal.assertOpen();
      const before = memory.get(key);
      if (before) await replace(before, freezeCopy({ ...before, ...change }));
      return before !== undefined;
    },

    async increase(key, field, by) {
      journal.assertOpen();
      const before = memory.get(key);
      if (!before) throw new Fault("NOT_FOUND", `${spec.name} has no ${key}`);
      const value: unknown = before[field] ?? 0;
      if (typeof value !== "number") throw new Fault("BAD_REQUEST", `${field} of ${key} is not a number`);
      await replace(before, freezeCopy({ ...before, [field]: value + by }));
    },

    async remove(key) {
      journal.assertOpen();
      const before = memory.get(key);
      if (before) await remove(before);
      return before !== undefined;
    },

    async removeAll(where) {
      journal.assertOpen();
      let removed = 0;
      const found = await memory.list({ where });
      for (let at = 0; at < found.length; at += slice) {
        // Others may have changed or removed some in the meantime.
        const still = found
          .slice(at, at + slice)
          .filter((document) => memory.get(spec.key(document)) === document);
        await Promise.all(still.map((document) => remove(document)));
        removed += still.length;
      }
      return removed;
    },
  };

  return {
    collection,
    /** False while a full disk has not even taken an empty file. */
    isStored: () => journal.state.bytes > 0,
    async close() {
      const { bytes, lines } = journal.state;
      if (bytes > 64 * 1024 && lines > 2 * memory.size) await shrink().catch(() => undefined);
      await journal.close();
    },
  };
}

const copyOf = <D extends object>(document: D | undefined): D | undefined =>
  document ? { ...document } : undefined;

/** Fills the memory from the file, and writes the file anew if it is worth it and there is room. */
async function load<D extends object>({ spec, path, known, onTrouble, now }: Options<D>, memory: Memory<D>) {
  const guarded = await readGuarded({ path, name: spec.name, keyOf: spec.key, known, now });
  const refused: D[] = [];
  for (const [at, document] of guarded.documents.entries()) {
    if (at % slice === slice - 1) await breathe();
    try {
      memory.add(document);
    } catch {
      refused.push(document);
    }
  }
  if (guarded.trouble !== undefined) onTrouble(guarded.trouble);
  if (refused.length > 0) {
    onTrouble(`${refused.length} of ${spec.name} have what only one may have: see ${spec.name}.db.refused-…`);
  }
  if (!guarded.stale && refused.length === 0) return guarded.state;
  try {
    if (!(await hasRoomFor(path, guarded.state.bytes))) return guarded.state;
    if (refused.length > 0) await keepRefused(path, refused, now());
    // A damaged file is kept already, and must not push a good one out.
    if (guarded.trouble === undefined) await keepGeneration(path);
    return await writeDocuments(path, memory.all());
  } catch {
    // A full disk is no reason not to start: the file goes on as it is.
    return guarded.state;
  }
}
