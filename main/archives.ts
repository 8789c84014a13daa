import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { basename, isAbsolute } from "node:path";
import { Readable } from "node:stream";
import { app, dialog, type BrowserWindow, type OpenDialogOptions } from "electron";
import type { Outgoing } from "../registry/archives/export.ts";
import type { ArchivePlace } from "../registry/contract/archives.ts";
import type { desktop as operations } from "../registry/contract/desktop.ts";
import { Fault } from "../registry/contract/fault.ts";
import type { Handlers } from "../registry/contract/operation.ts";
import { replaceFile, toDiskFault, writeAll } from "../registry/store/disk.ts";
import { askForFile } from "./ask.ts";
import type { Host } from "./host.ts";
import type { Session } from "./session.ts";

type Desk = Handlers<typeof operations, string | undefined>;

/** Archives as files of this computer. */
export interface Archives {
  export: Desk["exportArchive"];
  import: Desk["importArchive"];
  cancel: Desk["cancelArchive"];
}

interface Deps {
  host: Pick<Host, "registry">;
  session: Session;
  window: () => BrowserWindow | undefined;
  /** Told how far it is, in bytes, some times a second. */
  moved: (bytes: number, total: number) => void;
}

/** Bytes read at a time. */
const chunk = 2 ** 20;
/** Milliseconds between what the page is told. */
const pause = 150;

/**
 * Writes and reads archives for who is signed in at the window, one at a time. A path is the person's choice: by a dialog of
 * the system, or by dropping the file; the page names none.
 */
export function createArchives({ host, session, window, moved }: Deps): Archives {
  let running: AbortController | undefined;
  /** The file of the last import, which may need to be told a repository. */
  let last: string | undefined;

  /** `undefined` when it was cancelled. */
  async function alone<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (running) throw new Fault("CONFLICT", "another archive is being moved: wait for it, or cancel it");
    const own = (running = new AbortController());
    try {
      return await work(own.signal);
    } catch (error) {
      if (own.signal.aborted) return undefined;
      throw error;
    } finally {
      running = undefined;
    }
  }

  function progress(total: number): (more: number) => void {
    let bytes = 0;
    let told = 0;
    moved(0, total);
    return (more) => {
      bytes += more;
      if (bytes < total && Date.now() - told < pause) return;
      told = Date.now();
      moved(bytes, total);
    };
  }

  async function write({ size, pour }: Outgoing, path: string, signal: AbortSignal): Promise<void> {
    const tell = progress(size);
    const file = await open(path, "w", 0o600);
    try {
      await pour(async (bytes) => {
        signal.throwIfAborted();
        await writeAll(file, bytes);
        tell(bytes.length);
      });
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async function exportTo(place: ArchivePlace, signal: AbortSignal): Promise<boolean> {
    const registry = await host.registry();
    const { name } = await registry.archives.plan(place, await session.callerOf(registry));
    const path = await askForFile(window(), name);
    if (path === undefined) return false;
    const partial = `${path}.partial`;
    try {
      // Planned anew: a dialog may be open for long.
      const outgoing = await registry.archives.export(place, await session.callerOf(registry));
      await write(outgoing, partial, signal);
      await replaceFile(partial, path);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      throw toDiskFault(error, "writing the archive");
    }
    return true;
  }

  async function importFrom(place: ArchivePlace, path: string, signal: AbortSignal) {
    const total = await sizeOf(path);
    const tell = progress(total);
    const file = createReadStream(path, { highWaterMark: chunk, signal });
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const piece of file as AsyncIterable<Buffer>) {
        yield piece;
        tell(piece.length);
      }
    }
    try {
      const registry = await host.registry();
      const body = Readable.from(counted(), { objectMode: false });
      return await registry.archives.import(place, body, await session.callerOf(registry));
    } catch (error) {
      throw toDiskFault(error, "reading the archive");
    } finally {
      file.destroy();
    }
  }

  return {
    export: async (place) => ({ saved: (await alone((signal) => exportTo(place, signal))) ?? false }),

    async import({ again, ...place }, dropped) {
      const imported = await alone(async (signal) => {
        const path = dropped ?? (again ? last : await askForArchive(window()));
        last = path;
        return path === undefined ? undefined : importFrom(place, path, signal);
      });
      return imported === undefined ? {} : { imported };
    },

    cancel() {
      running?.abort(new Fault("BAD_REQUEST", "it was cancelled"));
      return Promise.resolve();
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  const found = isAbsolute(path) ? await stat(path).catch(() => undefined) : undefined;
  if (found?.isFile()) return found.size;
  if (found?.isDirectory()) {
    throw new Fault("BAD_REQUEST", `${basename(path)} is a folder: pack it into a tar, and import that`);
  }
  throw new Fault("NOT_FOUND", `${basename(path)} is not there any more, or cannot be read`);
}

async function askForArchive(window: BrowserWindow | undefined): Promise<string | undefined> {
  const options: OpenDialogOptions = {
    defaultPath: app.getPath("downloads"),
    properties: ["openFile"],
    filters: [
      { name: "tar", extensions: ["tar", "tgz", "gz"] },
      { name: "*", extensions: ["*"] },
    ],
  };
  const { filePaths } = window
    ? await dialog.showOpenDialog(window, options)
    : await dialog.showOpenDialog(options);
  return filePaths[0];
}
