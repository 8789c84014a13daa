import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { open, rm, rmdir, truncate, unlink } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import { Fault } from "../contract/fault.ts";
import { hashFile } from "./blob-reader.ts";
import type { Upload, UploadInfo } from "./blobs.ts";
import { type Digest, parseDigest } from "./digests.ts";
import { fileMode, noFollow, syncFile, syncFolder, toDiskFault } from "./disk.ts";
import { type Intake, takeIn } from "./intake.ts";
import type { Layout } from "./layout.ts";

interface Deps {
  id: string;
  about: UploadInfo;
  layout: Layout;
  /** Bytes that a run before this one left in the file, and when the last of them came. */
  size: number;
  active: string;
  now: () => Date;
  /** Throws `INSUFFICIENT_STORAGE` when the disk must take no more. */
  ensureRoom: () => Promise<void>;
  /** Moves the file, synced already, to the place of that digest. */
  keep: (digest: Digest, data: string) => Promise<void>;
  onEnd: () => void;
  /** Aborted when the store closes. */
  closing: AbortSignal;
}

/** One upload, in whose file bytes gather until their digest is named. */
export function createUpload(deps: Deps): Upload {
  const { id, about, layout, ensureRoom, keep, onEnd, closing, now } = deps;
  const paths = layout.upload(id);
  let { size, active } = deps;
  // What a run before this one wrote is hashed again when it is first needed.
  let hash: Hash | undefined = size === 0 ? createHash("sha256") : undefined;
  let synced = false;
  // True while the file may be longer than what counts.
  let ragged = false;
  let busy = false;
  let ended = false;

  function assertOpen(): void {
    if (ended) throw new Fault("BLOB_UPLOAD_UNKNOWN", `upload ${id} has ended`);
  }

  async function check(): Promise<void> {
    assertOpen();
    await ensureRoom();
  }

  async function alone<T>(work: () => Promise<T>): Promise<T> {
    assertOpen();
    if (closing.aborted) throw closing.reason;
    if (busy) throw new Fault("BLOB_UPLOAD_INVALID", `upload ${id} is being written to already`);
    busy = true;
    try {
      await mend();
      return await work();
    } catch (error) {
      throw toDiskFault(error, "receiving blobs");
    } finally {
      busy = false;
      active = now().toISOString();
      // What cannot be removed now is swept later.
      if (ended) await removeAll().catch(() => undefined);
    }
  }

  async function mend(): Promise<void> {
    if (ragged) await truncate(paths.data, size);
    ragged = false;
  }

  /** Names must last as well as bytes, or the size that the client is told is gone after a power cut. */
  const syncNames = () =>
    Promise.all([syncFile(paths.about), syncFolder(paths.folder), syncFolder(layout.uploads)]);

  async function receive(bytes: Readable): Promise<Intake> {
    const running = (hash ??= await hashFile(paths.data, "sha256", size));
    const file = await open(paths.data, constants.O_WRONLY | noFollow, fileMode);
    try {
      const intake = await takeIn(bytes, { file, start: size, hash: running, check });
      assertOpen();
      await Promise.all([file.datasync(), synced || syncNames()]);
      synced = true;
      size += intake.received;
      return intake;
    } catch (error) {
      // Back to what was acknowledged before, so that a full disk gets its room again.
      hash = undefined;
      ragged = true;
      await mend().catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
  }

  async function removeAll(): Promise<void> {
    try {
      // After a commit this is all that is left, and two steps remove it.
      await unlink(paths.about);
      await rmdir(paths.folder);
    } catch {
      await rm(paths.folder, { recursive: true, force: true });
    }
  }

  return {
    id,
    about,
    get size() {
      return size;
    },
    get active() {
      return busy ? now().toISOString() : active;
    },

    async append(bytes) {
      const { broken } = await alone(() => {
        addAbortSignal(closing, bytes);
        return receive(bytes);
      });
      if (broken) throw closing.aborted ? closing.reason : broken;
    },

    commit: (digest) =>
      alone(async () => {
        const wanted = parseDigest(digest);
        if (wanted.algorithm === "sha256") hash ??= await hashFile(paths.data, "sha256", size);
        const found =
          wanted.algorithm === "sha256" ? hash?.copy() : await hashFile(paths.data, wanted.algorithm, size);
        if (found?.digest("hex") !== wanted.hex) {
          throw new Fault("DIGEST_INVALID", `the bytes received are not those of ${digest}`, { digest });
        }
        if (!synced) await syncFile(paths.data);
        await keep(wanted, paths.data);
        ended = true;
        onEnd();
      }),

    async cancel() {
      ended = true;
      onEnd();
      // While an append runs, it removes the rest when it notices.
      await removeAll().catch((error: unknown) => {
        if (!busy) throw toDiskFault(error, "cancelling uploads");
      });
    },
  };
}
