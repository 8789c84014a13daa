import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { Fault } from "../contract/fault.ts";
import type { Blobs, Upload, UploadInfo } from "./blobs.ts";
import { codeOf, fileMode, folderMode, isMissing, toDiskFault, writeAll } from "./disk.ts";
import type { Digest } from "./digests.ts";
import type { Layout } from "./layout.ts";
import { createUpload } from "./upload.ts";

interface Deps {
  layout: Layout;
  ensureRoom: () => Promise<void>;
  keep: (digest: Digest, data: string) => Promise<void>;
  closing: AbortSignal;
  now: () => Date;
}

type UploadFiles = Pick<Blobs, "begin" | "upload" | "uploads"> & {
  /** Resolves when nothing is being received or committed. */
  idle(): Promise<void>;
};

const idPattern = /^[A-Za-z0-9-]{16,64}$/;

/** Every open upload: in memory while this process knows it, in its folder in any case. */
export function createUploadFiles({ layout, ensureRoom, keep, closing, now }: Deps): UploadFiles {
  const opened = new Map<string, Promise<Upload | undefined>>();
  const running = new Set<Promise<unknown>>();

  function track<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    const done = (): void => void running.delete(work);
    work.then(done, done);
    return work;
  }

  function toUpload(id: string, about: UploadInfo, size: number, active: Date): Upload {
    const onEnd = (): void => void opened.delete(id);
    const upload = createUpload({
      id,
      about,
      layout,
      size,
      active: active.toISOString(),
      ensureRoom,
      keep,
      onEnd,
      closing,
      now,
    });
    return {
      id,
      about,
      get size() {
        return upload.size;
      },
      get active() {
        return upload.active;
      },
      append: (bytes) => track(upload.append(bytes)),
      commit: (digest) => track(upload.commit(digest)),
      cancel: () => track(upload.cancel()),
    };
  }

  async function find(id: string): Promise<Upload | undefined> {
    const paths = layout.upload(id);
    try {
      const { size, mtime } = await stat(paths.data);
      return toUpload(id, aboutOf(JSON.parse(await readFile(paths.about, "utf8"))), size, mtime);
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw toDiskFault(error, "looking for uploads");
    }
  }

  /** Two callers that ask at once get the same upload, so that only one of them may write. */
  function upload(id: string): Promise<Upload | undefined> {
    if (!idPattern.test(id)) return Promise.resolve(undefined);
    let found = opened.get(id);
    if (!found) {
      found = find(id);
      opened.set(id, found);
      const forget = (known?: Upload): void => void (known ?? opened.delete(id));
      found.then(forget, () => forget());
    }
    return found;
  }

  async function make(id: string, about: UploadInfo): Promise<Upload> {
    const paths = layout.upload(id);
    try {
      await ensureRoom();
      await mkdir(paths.folder, { mode: folderMode });
      await Promise.all([create(paths.about, JSON.stringify(about)), create(paths.data, "")]);
    } catch (error) {
      if (codeOf(error) === "EEXIST") throw existing(id);
      await rm(paths.folder, { recursive: true, force: true });
      throw toDiskFault(error, "beginning uploads");
    }
    return toUpload(id, about, 0, now());
  }

  return {
    upload,

    async begin(id, about) {
      if (!idPattern.test(id))
        throw new Fault("BLOB_UPLOAD_INVALID", "an upload's id is 16 to 64 letters and digits");
      if (closing.aborted) throw new Fault("SERVICE_UNAVAILABLE", "the registry is stopping");
      if (opened.has(id)) throw existing(id);
      const made = make(id, about);
      opened.set(id, made);
      made.catch(() => opened.delete(id));
      return made;
    },

    async *uploads() {
      for (const id of await readdir(layout.uploads)) {
        if (!idPattern.test(id)) continue;
        const known = await upload(id);
        if (known) yield known;
        // Stopped between making and filling it, or between commit and its removal: nobody can come back to it.
        else await rm(layout.upload(id).folder, { recursive: true, force: true });
      }
    },

    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

const existing = (id: string): Fault => new Fault("BLOB_UPLOAD_INVALID", `upload ${id} exists already`);

async function create(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", fileMode);
  try {
    await writeAll(file, Buffer.from(text), 0);
  } finally {
    await file.close();
  }
}

function aboutOf(kept: unknown): UploadInfo {
  const about = kept as UploadInfo;
  return { repository_name: about.repository_name, user: about.user, started: about.started };
}
