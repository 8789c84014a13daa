import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Fault } from "../contract/fault.ts";
import { dirname } from "node:path";
import { fileMode, noFollow, replaceFile, syncFolder, toDiskFault, writeAll } from "./disk.ts";
import { type FileState, sealLine } from "./lines.ts";
import { besideOf } from "./rewriting.ts";

export interface Journal {
  readonly state: FileState;
  /** Throws `SERVICE_UNAVAILABLE` once closed. To be asked before memory is changed. */
  assertOpen(): void;
  /**
   * Adds a line, and resolves when it is on disk.
   *
   * If the disk does not take it, `undo` is called, newest write first, and then every waiting write is refused: with
   * `INSUFFICIENT_STORAGE` or `SERVICE_UNAVAILABLE`. Later ones are tried again.
   */
  append(entry: string, undo: () => void): Promise<void>;
  /**
   * Calls `begin` when everything in memory is on disk, and lets writes wait until the work that it returns has written
   * another file beside this one and told how that stands; then that one takes this one's place.
   */
  replace(begin: () => () => Promise<FileState>): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  entry: string;
  undo: () => void;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/** Text that goes to the disk at a time. */
const largest = 4 * 1024 * 1024;

/**
 * Writes lines to the end of a file, all that wait with one sync.
 *
 * While one sync runs, the lines of everyone else gather for the next, so fifty writers cost little more than one.
 */
export function createJournal({
  path,
  name,
  state,
}: {
  path: string;
  name: string;
  state: FileState;
}): Journal {
  let file: FileHandle | undefined;
  let standing = { ...state };
  // True while the file may be longer than what was acknowledged.
  let ragged = false;
  // True while a power cut could take this file's name away, or bring back the file that it has replaced.
  let nameless = state.bytes === 0;
  let closed = false;
  let waiting: Waiting[] = [];
  let tasks: (() => Promise<void>)[] = [];
  let running: Promise<void> | undefined;

  function assertOpen(): void {
    if (closed) throw new Fault("SERVICE_UNAVAILABLE", "the registry is stopping");
  }

  function wake(): void {
    running ??= Promise.resolve()
      .then(run)
      .finally(() => {
        running = undefined;
        if (waiting.length > 0 || tasks.length > 0) wake();
      });
  }

  async function run(): Promise<void> {
    while (waiting.length > 0 || tasks.length > 0) {
      // Lines first: a task must find everything in memory on the disk as well.
      if (waiting.length > 0) await writeSome();
      else await tasks.shift()?.();
    }
  }

  async function writeSome(): Promise<void> {
    let length = 0;
    let count = 0;
    while (count < waiting.length && length < largest) length += waiting[count++]?.entry.length ?? 0;
    const batch = waiting.splice(0, count);
    const lines = batch.map(({ entry }, index) => sealLine(standing.lines + index, entry));
    const bytes = lines.length === 1 && lines[0] ? lines[0] : Buffer.concat(lines);
    try {
      const handle = await opened();
      await mend();
      ragged = true;
      await writeAll(handle, bytes);
      await handle.datasync();
      ragged = false;
    } catch (error) {
      await refuse(batch, error);
      return;
    }
    standing = { bytes: standing.bytes + bytes.length, lines: standing.lines + batch.length };
    for (const { resolve } of batch) resolve();
  }

  async function refuse(batch: Waiting[], error: unknown): Promise<void> {
    // What waits was made on top of what failed, so all of it is taken back, the newest first.
    const all = [...batch, ...waiting];
    waiting = [];
    for (const { undo } of [...all].reverse()) undo();
    await mend().catch(() => undefined);
    const fault = toDiskFault(error, `saving ${name}`);
    for (const { reject } of all) reject(fault);
  }

  /** Makes the file what was acknowledged, if the disk kept it from being so. */
  async function mend(): Promise<void> {
    if (nameless) await syncFolder(dirname(path));
    nameless = false;
    if (!ragged) return;
    const handle = await opened();
    await handle.truncate(standing.bytes);
    await handle.datasync();
    ragged = false;
  }

  async function opened(): Promise<FileHandle> {
    file ??= await open(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow,
      fileMode,
    );
    return file;
  }

  async function release(): Promise<void> {
    const handle = file;
    file = undefined;
    await handle?.close();
  }

  return {
    get state() {
      return standing;
    },
    assertOpen,

    append(entry, undo) {
      return new Promise((resolve, reject) => {
        waiting.push({ entry, undo, resolve, reject });
        wake();
      });
    },

    replace(begin) {
      return new Promise((resolve, reject) => {
        tasks.push(async () => {
          try {
            assertOpen();
            const written = await begin()();
            await mend();
            // Windows does not rename over an open file.
            await release();
            await replaceFile(besideOf(path), path);
            standing = written;
            nameless = true;
            await mend();
            resolve();
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
        wake();
      });
    },

    async close() {
      closed = true;
      while (running) await running;
      tasks = [];
      await release();
    },
  };
}
