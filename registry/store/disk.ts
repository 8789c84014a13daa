import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../contract/fault.ts";

/** Modes of what Berth keeps: for its own user only. */
export const fileMode = 0o600;
export const folderMode = 0o700;

/** Opens no symbolic link; Windows has no such flag. */
export const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

export const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT";

/** The fault that a file operation's error means: a full disk, or one that does not answer as it should. */
export function toDiskFault(error: unknown, doing: string): unknown {
  const code = codeOf(error);
  if (code === "" || error instanceof Fault) return error;
  // A quota and the process's own limit on file sizes (EFBIG) are a full disk too.
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(code)) {
    return new Fault("INSUFFICIENT_STORAGE", `the disk is full: free some space to go on ${doing}`);
  }
  if (["EMFILE", "ENFILE"].includes(code)) {
    return new Fault("SERVICE_UNAVAILABLE", `too many files are open for ${doing}: try again in a moment`);
  }
  return new Fault(
    "SERVICE_UNAVAILABLE",
    `the disk fails at ${doing} (${code}): look after it and try again`,
  );
}

/** Makes the names in a folder as lasting as its files. Windows keeps them without being asked. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDWR | noFollow);
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and what is missing above it; on disk when it resolves. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: folderMode });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Renames over what is there. On Windows a virus scanner may hold either file for a while: up to ten seconds are waited. */
export async function replaceFile(from: string, to: string): Promise<void> {
  for (let pause = 10; ; pause *= 2) {
    try {
      return await rename(from, to);
    } catch (error) {
      const held = ["EPERM", "EBUSY", "EACCES"].includes(codeOf(error));
      if (process.platform !== "win32" || !held || pause > 5000) throw error;
      await wait(pause);
    }
  }
}

export async function writeAll(
  handle: FileHandle,
  bytes: Buffer,
  position: number | null = null,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}

/** Puts a whole small file in place: after a power cut either the old one is there or the new one. */
export async function replaceContents(path: string, text: string): Promise<void> {
  const beside = `${path}~`;
  await rm(beside, { force: true });
  const handle = await open(beside, "wx", fileMode);
  try {
    await writeAll(handle, Buffer.from(text));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await replaceFile(beside, path);
  await syncFolder(dirname(path));
}

/** Bytes that may still be written where `folder` is, and how many it could ever hold. */
export async function roomIn(folder: string): Promise<{ free: number; total: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}
