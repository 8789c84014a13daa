import { open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileMode, isMissing, writeAll } from "./disk.ts";
import type { FileState } from "./lines.ts";
import { readDocuments, type Reading } from "./reading.ts";
import { besideOf, generationsOf, linkOrCopy, writeDocuments } from "./rewriting.ts";

export interface Guarded<D> {
  /** What is sure first, then what was fetched from a former file. */
  documents: D[];
  state: FileState;
  /** Worth writing anew: it was added to, or it is not whole. */
  stale: boolean;
  /** A sentence for a person, when documents may be lost. */
  trouble?: string;
}

interface Options<D> {
  path: string;
  name: string;
  keyOf: (document: D) => string;
  /** The collection has been there before, so that a missing file is a loss. */
  known: boolean;
  now: () => Date;
}

/**
 * Reads a collection's file whatever has happened to it, and never refuses.
 *
 * The end that a crash left half written was never acknowledged: it is cut off, and kept beside. Any other damage is
 * mended with the newest former file that is whole, and the damaged one is kept beside; what was removed since that former
 * file, in the part that is lost, comes back.
 */
export async function readGuarded<D extends object>({
  path,
  name,
  keyOf,
  known,
  now,
}: Options<D>): Promise<Guarded<D>> {
  await rm(besideOf(path), { force: true });
  const reading = await readIfThere(path, keyOf);
  if (!reading && !known && !(await anyThere(generationsOf(path)))) {
    // On a full disk it is made when the first document is.
    const state = await writeDocuments(path, []).catch(() => ({ bytes: 0, lines: 0 }));
    return { documents: [], state, stale: false };
  }
  if (reading && reading.torn > 0) await cutTail(path, reading, now());
  if (reading && reading.damage === undefined) {
    return { documents: [...reading.documents.values()], state: reading.state, stale: reading.grown };
  }

  const worthKeeping = reading !== undefined && reading.state.bytes > 0;
  const kept = worthKeeping ? await keepDamaged(path, now()).catch(() => undefined) : undefined;
  const former = await readFormer(path, keyOf);
  const documents = new Map(reading?.documents);
  let fetched = 0;
  for (const [key, document] of former?.documents ?? []) {
    if (documents.has(key) || reading?.removed.has(key)) continue;
    documents.set(key, document);
    fetched++;
  }
  const trouble = [
    `the file of ${name} ${reading?.damage ?? "is missing"}`,
    former ? `${fetched} documents came back from a former one` : "there is no former one",
    kept === undefined
      ? "check what is missing"
      : `the damaged one is kept as ${kept}: check what is missing`,
  ].join("; ");
  const state = reading?.state ?? { bytes: 0, lines: 0 };
  // What could not be kept aside must not be written over.
  return { documents: [...documents.values()], state, stale: kept !== undefined || !worthKeeping, trouble };
}

/** Keeps aside the documents that a unique index does not take beside others. */
export async function keepRefused(path: string, documents: readonly object[], time: Date): Promise<void> {
  await writeDocuments(await freeName(path, "refused", time), documents);
}

async function readIfThere<D extends object>(
  path: string,
  keyOf: (document: D) => string,
): Promise<Reading<D> | undefined> {
  return readDocuments(path, keyOf).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** The newest former file without damage, else the newest that tells anything. */
async function readFormer<D extends object>(
  path: string,
  keyOf: (document: D) => string,
): Promise<Reading<D> | undefined> {
  let second: Reading<D> | undefined;
  for (const generation of generationsOf(path)) {
    const reading = await readIfThere(generation, keyOf);
    if (reading && reading.damage === undefined) return reading;
    if (reading && reading.documents.size > 0) second ??= reading;
  }
  return second;
}

async function cutTail(path: string, { state, torn }: Reading<object>, time: Date): Promise<void> {
  const file = await open(path, "r+");
  try {
    const tail = Buffer.alloc(Math.min(torn, 16 * 1024 * 1024));
    const { bytesRead } = await file.read(tail, 0, tail.length, state.bytes);
    // On a full disk it is not worth the start: nobody was told that it is kept.
    await saveTail(await freeName(path, "torn", time), tail.subarray(0, bytesRead)).catch(() => undefined);
    await file.truncate(state.bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function saveTail(path: string, tail: Buffer): Promise<void> {
  const file = await open(path, "wx", fileMode);
  try {
    await writeAll(file, tail);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keepDamaged(path: string, time: Date): Promise<string> {
  const aside = await freeName(path, "damaged", time);
  await linkOrCopy(path, aside);
  return basename(aside);
}

/** A name not taken yet; of each kind only the last ten are kept. */
async function freeName(path: string, kind: string, time: Date): Promise<string> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.${kind}-`;
  const others = (await readdir(folder)).filter((name) => name.startsWith(prefix)).sort();
  for (const old of others.slice(0, -9)) await rm(join(folder, old), { force: true });
  const stem = prefix + time.toISOString().replaceAll(":", "-");
  let name = stem;
  for (let more = 2; others.includes(name); more++) name = `${stem}-${more}`;
  return join(folder, name);
}

async function anyThere(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => stat(path).then(Boolean, () => false)));
  return found.includes(true);
}
