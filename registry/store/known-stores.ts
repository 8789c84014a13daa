import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, replaceContents } from "./disk.ts";
import { createLocks } from "./locks.ts";

/** The list of collections that there are, so that one whose file is gone is missed. */
export interface KnownStores {
  has(name: string): boolean;
  /** On disk when it resolves. */
  add(name: string): Promise<void>;
}

export async function openKnownStores(folder: string): Promise<KnownStores> {
  const path = join(folder, "stores.json");
  const names = new Set(await readNames(path));
  const locks = createLocks();
  let written = names.size;

  return {
    has: (name) => names.has(name),

    async add(name) {
      if (names.has(name)) return;
      names.add(name);
      await locks.lock("stores", async () => {
        // Several that were opened at once are written at once.
        if (written === names.size) return;
        const size = names.size;
        await replaceContents(path, `${JSON.stringify({ collections: [...names] })}\n`);
        written = size;
      });
    },
  };
}

/** A list that cannot be read is made anew as collections are opened. */
async function readNames(path: string): Promise<string[]> {
  try {
    const { collections } = JSON.parse(await readFile(path, "utf8")) as { collections?: unknown };
    return Array.isArray(collections) ? collections.filter((name) => typeof name === "string") : [];
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof TypeError) return [];
    throw error;
  }
}
