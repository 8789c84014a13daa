import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, noFollow } from "../store/disk.ts";

/** Bytes that are read at a time. Between two reads the event loop is free for others. */
const block = 128 * 1024;

/** The file of a month, `2026-01`. An entry lies in the file of its own month in UTC. */
export function fileOf(folder: string, month: string): string {
  return join(folder, `${month}.jsonl`);
}

export function monthOf(op_time: string): string {
  return op_time.slice(0, 7);
}

/** The months that have a file, newest first. */
export async function monthsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const months = names.flatMap((name) => /^(\d{4}-\d\d)\.jsonl$/.exec(name)?.[1] ?? []);
  return months.sort().reverse();
}

/**
 * The lines of a file, newest first, some hundred at a time; none for a file that is not there. What stands behind the last
 * newline is a line that is being written, or was when the power went: it is left out.
 */
export async function* linesBackwards(path: string): AsyncGenerator<string[]> {
  const handle = await open(path, constants.O_RDONLY | noFollow).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    let end = (await handle.stat()).size;
    // The end of a line whose beginning is in the block before; at first, of the one that has no newline.
    let rest = "";
    let torn = true;
    while (end > 0) {
      const start = Math.max(0, end - block);
      const lines = ((await readText(handle, start, end)) + rest).split("\n");
      if (torn && lines.length > 1) {
        lines.pop();
        torn = false;
      }
      // No line is longer than a block; bytes without end that are no line are not gathered.
      rest = start > 0 ? (lines.shift() ?? "").slice(0, block) : "";
      if (!torn) yield lines.reverse();
      end = start;
    }
  } finally {
    await handle.close();
  }
}

/** Lines are ASCII, so each byte is a character. */
export async function readText(handle: FileHandle, start: number, end: number): Promise<string> {
  const bytes = Buffer.allocUnsafe(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.toString("latin1", 0, done);
}
