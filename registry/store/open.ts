import type { LogLine } from "../config.ts";
import type { Blobs } from "./blobs.ts";
import { openCollections, type Collections } from "./collections.ts";
import { openFiles } from "./files.ts";
import { layoutOf } from "./layout.ts";
import { createLocks, type Locks } from "./locks.ts";
import { migrate } from "./migrations.ts";
import { openNedb } from "./nedb.ts";
import { ownFolder } from "./owner.ts";
import { createSequence, type Sequence } from "./sequence.ts";

export interface Store {
  collections: Collections;
  blobs: Blobs;
  sequence: Sequence;
  locks: Locks;
  /** What was found damaged, in words, by part. */
  troubles: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

interface Options {
  dataDir: string;
  now: () => Date;
  log: (line: LogLine) => void;
}

/** Opens all that is kept in a data folder, after making sure that nobody else has. Throws `CONFLICT` and `PRECONDITION`. */
export async function openStore({ dataDir, now, log }: Options): Promise<Store> {
  const owner = await ownFolder(dataDir);
  const undo: (() => Promise<void>)[] = [() => owner.release()];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    await migrate(dataDir, { now });
    const troubles = new Map<string, string>();
    const documents = await openNedb({
      folder: layoutOf(dataDir).documents,
      now,
      onTrouble: ({ collection, message }) => {
        log({ level: "error", message, collection });
        troubles.set(`database ${collection}`, message);
      },
    });
    undo.push(() => documents.close());
    const blobs = await openFiles({ folder: dataDir });
    undo.push(() => blobs.close());
    const collections = await openCollections(documents);
    return {
      collections,
      blobs,
      sequence: createSequence(collections.sequences),
      locks: createLocks(),
      troubles,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
