import { copyFile, link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, fileMode, isMissing, replaceFile, roomIn, syncFolder, writeAll } from "./disk.ts";
import { type FileState, headEntry, putEntry, sealLine } from "./lines.ts";

/** Written at a time, so that the event loop is held for a moment only. */
const chunkBytes = 256 * 1024;

/** Where the file is written before it takes its place; left over, it is worth nothing. */
export const besideOf = (path: string): string => `${path}~`;

/** Former files of the collection, the newest first. */
export const generationsOf = (path: string): string[] => [`${path}.prev`, `${path}.prev2`, `${path}.prev3`];

/** Writes a collection's file anew, one line a document. After a power cut either the old one is there or the new one. */
export async function writeDocuments(path: string, documents: readonly object[]): Promise<FileState> {
  const state = await writeBeside(path, documents);
  await replaceFile(besideOf(path), path);
  await syncFolder(dirname(path));
  return state;
}

/** The first half of it: the new file is on disk, and not yet in its place. */
export async function writeBeside(path: string, documents: readonly object[]): Promise<FileState> {
  const beside = besideOf(path);
  let bytes = 0;
  let lines = 0;
  await rm(beside, { force: true });
  const file = await open(beside, "wx", fileMode);
  try {
    let chunk: Buffer[] = [];
    let collected = 0;
    const flush = async (): Promise<void> => {
      await writeAll(file, Buffer.concat(chunk));
      bytes += collected;
      chunk = [];
      collected = 0;
    };
    const add = (entry: string): void => {
      const line = sealLine(lines++, entry);
      chunk.push(line);
      collected += line.length;
    };
    add(headEntry(documents.length));
    for (const document of documents) {
      add(putEntry(document));
      if (collected >= chunkBytes) await flush();
    }
    await flush();
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
  await file.close();
  return { bytes, lines };
}

/** Keeps the file as the newest generation; it costs no room, since the next one takes its place by a rename. */
export async function keepGeneration(path: string): Promise<void> {
  const [first, second, third] = generationsOf(path) as [string, string, string];
  await renameIfThere(second, third);
  await renameIfThere(first, second);
  await linkOrCopy(path, first);
}

/** Another name for the same bytes, or a copy where the file system knows no links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EINVAL", "EMLINK"].includes(codeOf(error))) throw error;
    await copyFile(from, to);
  });
}

/** Says whether a file of `bytes` can be written beside the old one without filling the disk. */
export async function hasRoomFor(path: string, bytes: number): Promise<boolean> {
  return (await roomIn(dirname(path))).free >= 2 * bytes;
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await replaceFile(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}
