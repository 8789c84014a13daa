import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { AuditEntry } from "../contract/audit.ts";
import { fileMode, makeFolder, noFollow, syncFolder, writeAll } from "../store/disk.ts";
import { headOf, toLine } from "./audit-lines.ts";
import { fileOf, monthOf, readText } from "./audit-months.ts";

type Waiting = Omit<AuditEntry, "id">;

export interface Appender {
  /** Takes an entry, and never waits. It is in the file a tenth of a second later, and on the disk after a second. */
  add(entry: Waiting): void;
  /** Resolves when all that was added is in the file, or the disk has refused it. */
  flush(): Promise<void>;
  /** Runs the work while no file is open and nothing is written. What is added meanwhile waits. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Open {
  month: string;
  handle: FileHandle;
  /** Where the next line goes. */
  length: number;
}

/** Milliseconds: an entry waits for others, then for the next sync, then for a disk that failed. */
const delays = { write: 100, sync: 1000, again: 2000 };
/** Entries: what is written at once, and what waits for a disk that is too slow, or takes none. */
const most = { batch: 2000, waiting: 50_000 };

/**
 * Writes entries to the end of their month's file: one write for all that wait, one sync for all of a second.
 *
 * Nobody waits for it, so that a pull costs no disk. The price: a power cut may take the entries of the last second.
 */
export function createAppender(folder: string, failed: (reason: string) => void): Appender {
  let waiting: Waiting[] = [];
  let lost = 0;
  let failing = false;
  let closed = false;
  let file: Open | undefined;
  let unsynced = false;
  let lastId = 0;
  let writeTimer: NodeJS.Timeout | undefined;
  let syncTimer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: there is one file, and one end of it. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }

  async function write(): Promise<void> {
    try {
      while (waiting[0]) await writeSome(monthOf(waiting[0].op_time));
      if (failing || lost > 0) failed(`the audit log is written again; ${lost} entries are lost`);
      failing = false;
      lost = 0;
    } catch (error) {
      if (!failing) failed(`the audit log cannot be written: ${String(error)}`);
      failing = true;
      writeTimer ??= setTimeout(() => void flush(), delays.again).unref();
    }
  }

  async function writeSome(month: string): Promise<void> {
    const into = await opened(month);
    const other = waiting.findIndex((entry) => monthOf(entry.op_time) !== month);
    const batch = waiting.slice(0, Math.min(most.batch, other < 0 ? waiting.length : other));
    const bytes = Buffer.from(batch.map((entry) => toLine(entry, nextId(entry.op_time))).join(""), "latin1");
    unsynced = true;
    try {
      await writeAll(into.handle, bytes, into.length);
    } catch (error) {
      // Half of it may be there, and is written once more.
      await into.handle.truncate(into.length).catch(() => undefined);
      throw error;
    }
    into.length += bytes.length;
    waiting = waiting.slice(batch.length);
    syncTimer ??= setTimeout(() => void inTurn(sync), delays.sync).unref();
  }

  /** Microseconds since 1970, moved on where two would be the same or the clock went back. */
  function nextId(op_time: string): number {
    lastId = Math.max(lastId + 1, Date.parse(op_time) * 1000);
    return lastId;
  }

  async function opened(month: string): Promise<Open> {
    if (file?.month === month) return file;
    await release();
    await makeFolder(folder);
    const path = fileOf(folder, month);
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | noFollow, fileMode);
    try {
      const { size } = await handle.stat();
      const { length, id } = await endOf(handle, size);
      // A line that a power cut has torn is nobody's entry.
      if (length < size) await handle.truncate(length);
      if (size === 0) await syncFolder(folder);
      lastId = Math.max(lastId, id);
      file = { month, handle, length };
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async function sync(): Promise<void> {
    clearTimeout(syncTimer);
    syncTimer = undefined;
    if (!unsynced || !file) return;
    unsynced = false;
    await file.handle.datasync().catch((error: unknown) => failed(`the audit log: ${String(error)}`));
  }

  async function release(): Promise<void> {
    await sync();
    const { handle } = file ?? {};
    file = undefined;
    await handle?.close();
  }

  function flush(): Promise<void> {
    clearTimeout(writeTimer);
    writeTimer = undefined;
    return inTurn(write);
  }

  return {
    flush,

    add(entry) {
      if (closed) return;
      if (waiting.length >= most.waiting) lost += 1;
      else waiting.push(entry);
      if (waiting.length === most.batch) void flush();
      else writeTimer ??= setTimeout(() => void flush(), delays.write).unref();
    },

    pause(work) {
      return inTurn(async () => {
        await release();
        return work();
      });
    },

    async close() {
      closed = true;
      await flush();
      clearTimeout(writeTimer);
      await inTurn(release);
    },
  };
}

/** Where a file's last whole line ends, and that line's id. */
async function endOf(handle: FileHandle, size: number): Promise<{ length: number; id: number }> {
  const step = 64 * 1024;
  for (let end = size; end > 0; end -= step) {
    const start = Math.max(0, end - step);
    const text = await readText(handle, start, end);
    const newline = text.lastIndexOf("\n");
    if (newline < 0) continue;
    const line = text.slice(text.lastIndexOf("\n", newline - 1) + 1, newline);
    return { length: start + newline + 1, id: headOf(line)?.id ?? 0 };
  }
  return { length: 0, id: 0 };
}
