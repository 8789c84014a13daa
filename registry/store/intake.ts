import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";

/** Written at a time: large enough that the disk is busy, small enough that three of them are all an upload holds. */
const batchBytes = 1024 * 1024;
/** A slow stream is written in smaller pieces, so that a thousand of them do not hold a batch each. */
const slowBytes = 64 * 1024;
const slowMilliseconds = 50;
/** What may wait in the system's memory before the disk is told to begin, so that the last sync is short. */
const writeBackBytes = 64 * 1024 * 1024;

export interface Intake {
  /** Bytes written; the last of them may not be synced yet. */
  received: number;
  /** Why the stream ended before its end, if it did: what came until then is kept. */
  broken?: Error;
}

/**
 * Takes a stream to its end into a file from `start` on, and into a hash in the same pass.
 *
 * While one batch is written the next is collected and hashed; the stream waits when both are full. `check` runs at the
 * start and after every 64 MiB, and ends the intake by throwing. Throws what the file throws; then neither the hash nor
 * what lies behind `start` is of use. The stream is left as it is, since its other end may have to be answered.
 */
export async function takeIn(
  bytes: Readable,
  { file, start, hash, check }: { file: FileHandle; start: number; hash: Hash; check: () => Promise<void> },
): Promise<Intake> {
  let batch: Buffer[] = [];
  let collected = 0;
  let written = start;
  let unsynced = 0;
  let lastWrite = performance.now();
  let writing = Promise.resolve();
  let syncing: Promise<void> | undefined;
  let failure: { cause: unknown } | undefined;
  const fail = (cause: unknown): void => void (failure ??= { cause });

  /** Hands the batch over once the one before is written; what fails on the way is thrown at the next one. */
  async function write(): Promise<void> {
    await writing;
    if (failure) throw failure.cause;
    const buffers = batch.length > 256 ? [Buffer.concat(batch, collected)] : batch;
    const position = written;
    written += collected;
    unsynced += collected;
    batch = [];
    collected = 0;
    lastWrite = performance.now();
    writing = writeBuffers(file, buffers, position).catch(fail);
    if (unsynced < writeBackBytes || syncing) return;
    unsynced = 0;
    syncing = file
      .datasync()
      .then(check)
      .catch(fail)
      .finally(() => (syncing = undefined));
  }

  let broken: Error | undefined;
  await check();
  try {
    try {
      for await (const chunk of piecesOf(bytes)) {
        hash.update(chunk);
        batch.push(chunk);
        collected += chunk.length;
        const slow = collected >= slowBytes && performance.now() - lastWrite > slowMilliseconds;
        if (slow || collected >= batchBytes) await write();
      }
    } catch (error) {
      if (failure) throw error;
      broken = error instanceof Error ? error : new Error(String(error));
    }
    if (collected > 0) await write();
  } finally {
    await writing;
    await syncing;
  }
  if (failure) throw failure.cause;
  return { received: written - start, ...(broken === undefined ? {} : { broken }) };
}

/** The stream's chunks, none larger than a batch, so that hashing never holds other work for more than a moment. */
async function* piecesOf(bytes: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of bytes.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer | string>) {
    const whole = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (whole.length <= batchBytes) yield whole;
    else for (let at = 0; at < whole.length; at += batchBytes) yield whole.subarray(at, at + batchBytes);
  }
}

async function writeBuffers(file: FileHandle, buffers: Buffer[], position: number): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    let whole = 0;
    while (whole < rest.length && bytesWritten >= (rest[whole]?.length ?? 0))
      bytesWritten -= rest[whole++]?.length ?? 0;
    rest = rest.slice(whole);
    if (rest[0] && bytesWritten > 0) rest[0] = rest[0].subarray(bytesWritten);
  }
}
