import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileMode, replaceFile, syncFolder, writeAll } from "../store/disk.ts";
import { headOf } from "./audit-lines.ts";
import { fileOf, monthOf, monthsIn } from "./audit-months.ts";

/**
 * Removes what is older than `before` (RFC 3339 in UTC): whole months with their file, and the lines of the month that it
 * lies in by a new file in place of the old one. Says whether there was any. No month may be open for writing meanwhile.
 */
export async function purgeBefore(folder: string, before: string): Promise<boolean> {
  const months = await monthsIn(folder);
  const gone = months.filter((month) => month < monthOf(before));
  // The oldest first: what a crash leaves is a log that begins a little later.
  for (const month of gone.reverse()) await rm(fileOf(folder, month), { force: true });
  const shortened =
    months.includes(monthOf(before)) && (await shorten(fileOf(folder, monthOf(before)), before));
  if (gone.length > 0) await syncFolder(folder);
  return gone.length > 0 || shortened;
}

async function shorten(path: string, before: string): Promise<boolean> {
  const beside = `${path}~`;
  await rm(beside, { force: true });
  const handle = await open(beside, "wx", fileMode);
  let dropped = false;
  try {
    for await (const lines of batchesOf(path)) {
      // A line that cannot be read has no age; it goes with its month.
      const kept = lines.filter((line) => (headOf(line)?.op_time ?? before) >= before);
      dropped ||= kept.length < lines.length;
      if (kept.length > 0) await writeAll(handle, Buffer.from(`${kept.join("\n")}\n`, "latin1"));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (!dropped) {
    await rm(beside);
    return false;
  }
  await replaceFile(beside, path);
  await syncFolder(dirname(path));
  return true;
}

async function* batchesOf(path: string): AsyncGenerator<string[]> {
  const input = createReadStream(path, { encoding: "latin1", highWaterMark: 128 * 1024 });
  let batch: string[] = [];
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    batch.push(line);
    if (batch.length < 1000) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
