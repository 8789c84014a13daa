import { setMaxListeners } from "node:events";
import { readdir, rm } from "node:fs/promises";
import { Fault } from "../contract/fault.ts";
import { createBlobFiles } from "./blob-files.ts";
import type { Blobs } from "./blobs.ts";
import { makeFolder, roomIn, syncFolder } from "./disk.ts";
import { layoutOf } from "./layout.ts";
import { createUploadFiles } from "./upload-files.ts";

interface Options {
  /** The data folder. */
  folder: string;
  /** Bytes of the disk that blobs leave free for documents; 64 MiB, or a twentieth of a small disk, unless told. */
  reserve?: number;
  now?: () => Date;
}

/** Room is asked for anew only after this many milliseconds. */
const roomAge = 200;

/** Keeps blobs as files: `blobs/sha256/ab/<hex>`, and `uploads/<id>/` until they are whole. */
export async function openFiles({ folder, reserve, now = () => new Date() }: Options): Promise<Blobs> {
  const layout = layoutOf(folder);
  const folders = [...layout.algorithms, layout.uploads];
  for (const made of folders) await makeFolder(made);
  // A run that was killed may have made names that are not on disk yet.
  for (const made of [layout.root, layout.blobs, ...folders]) await syncFolder(made);
  for (const name of await readdir(layout.uploads)) {
    if (name.startsWith("_")) await rm(layout.piece(name.slice(1)), { force: true });
  }

  let asked = { at: -roomAge, enough: true };
  async function ensureRoom(): Promise<void> {
    const time = performance.now();
    if (time - asked.at >= roomAge) {
      const { free, total } = await roomIn(folder);
      asked = { at: time, enough: free >= (reserve ?? Math.min(64 * 1024 * 1024, total / 20)) };
    }
    if (!asked.enough) throw new Fault("INSUFFICIENT_STORAGE", "the disk is full: free some space to push");
  }

  const closing = new AbortController();
  // One for each upload that is being received.
  setMaxListeners(0, closing.signal);
  const blobs = createBlobFiles({ layout, ensureRoom });
  const uploads = createUploadFiles({ layout, ensureRoom, keep: blobs.keep, closing: closing.signal, now });

  return {
    size: blobs.size,
    read: blobs.read,
    pour: blobs.pour,
    readAll: blobs.readAll,
    write: blobs.write,
    remove: blobs.remove,
    list: blobs.list,
    begin: uploads.begin,
    upload: uploads.upload,
    uploads: uploads.uploads,
    async close() {
      closing.abort(new Fault("SERVICE_UNAVAILABLE", "the registry is stopping"));
      await uploads.idle();
    },
  };
}
