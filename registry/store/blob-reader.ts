import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { noFollow } from "./disk.ts";
import type { Digest } from "./digests.ts";

/** Read at a time: much for who takes it fast, little for who is slow, of whom there may be a thousand. */
const leastChunk = 64 * 1024;
const largestChunk = 512 * 1024;
/** Bytes a millisecond from which on a reader counts as fast. */
const fast = 20_000;

export function openToRead(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | noFollow);
}

/**
 * The bytes from `start` to `end`, both included, of a file that it closes at the end.
 *
 * Fails when the file ends before that, so that nobody takes a part for the whole.
 */
export function readRange(file: FileHandle, start: number, end: number): Readable {
  let position = start;
  let chunkBytes = leastChunk;
  let pushed = performance.now();

  async function next(): Promise<Buffer | null> {
    const wanted = Math.min(chunkBytes, end + 1 - position);
    if (wanted <= 0) return null;
    // A fresh buffer each time: the socket keeps the one before until it is sent.
    const buffer = Buffer.allocUnsafeSlow(wanted);
    const { bytesRead } = await file.read(buffer, 0, wanted, position);
    if (bytesRead === 0) throw new Error(`the file ends ${end + 1 - position} bytes too early`);
    position += bytesRead;
    return bytesRead === wanted ? buffer : buffer.subarray(0, bytesRead);
  }

  return new Readable({
    highWaterMark: leastChunk,
    read() {
      const isFast = chunkBytes > fast * (performance.now() - pushed);
      chunkBytes = isFast ? Math.min(2 * chunkBytes, largestChunk) : leastChunk;
      next().then(
        (chunk) => {
          pushed = performance.now();
          this.push(chunk);
        },
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, done) {
      file.close().then(
        () => done(error),
        (failed: Error) => done(error ?? failed),
      );
    },
  });
}

/** Feeds the first `size` bytes of a file to a hash; throws if there are fewer. */
export async function hashFile(path: string, algorithm: Digest["algorithm"], size: number) {
  const hash = createHash(algorithm);
  const file = await openToRead(path);
  for await (const chunk of readRange(file, 0, size - 1) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash;
}
