import Datastore from "nedb-promises";
import { join } from "node:path";
import { openCollection } from "./collection.ts";
import { makeFolder } from "./disk.ts";
import type { Collection, CollectionSpec, Documents } from "./documents.ts";
import { openKnownStores } from "./known-stores.ts";
import { createLocks } from "./locks.ts";
import type { NedbStore } from "./memory.ts";

export interface Trouble {
  collection: string;
  /** A sentence for the person who runs the registry. */
  message: string;
}

interface Options {
  /** Where the files are, one for each collection. */
  folder: string;
  /** Told when a file was damaged and documents may be lost. The collection opens all the same. */
  onTrouble: (trouble: Trouble) => void;
  now?: () => Date;
}

/**
 * Collections on NeDB, which holds the documents in memory and answers queries.
 *
 * Its own file handling syncs nothing, loses lines and may refuse to start, so files are ours: `journal.ts` adds to them,
 * `guard.ts` reads them back, `rewriting.ts` makes them small again.
 */
export async function openNedb({ folder, onTrouble, now = () => new Date() }: Options): Promise<Documents> {
  await makeFolder(folder);
  const stores = await openKnownStores(folder);
  // One file is written anew at a time: it takes as much room again as its documents.
  const rewriting = createLocks();
  const opened = new Map<string, Promise<{ collection: unknown; close: () => Promise<void> }>>();

  async function open<D extends object>(spec: CollectionSpec<D>) {
    const nedb = Datastore.create({ inMemoryOnly: true }) as unknown as { __original: NedbStore<D> };
    const made = await openCollection({
      spec,
      nedb: nedb.__original,
      path: join(folder, `${spec.name}.db`),
      known: stores.has(spec.name),
      onTrouble: (message) => onTrouble({ collection: spec.name, message }),
      rewriting,
      now,
    });
    // Not to be on the list is no reason not to start: on a full disk it is put there next time.
    if (made.isStored()) await stores.add(spec.name).catch(() => undefined);
    return made;
  }

  return {
    async collection<D extends object>(spec: CollectionSpec<D>): Promise<Collection<D>> {
      let opening = opened.get(spec.name);
      if (!opening) opened.set(spec.name, (opening = open(spec)));
      return (await opening).collection as Collection<D>;
    },

    async close() {
      const all = await Promise.allSettled(opened.values());
      for (const one of all) if (one.status === "fulfilled") await one.value.close();
    },
  };
}
