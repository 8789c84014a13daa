import type { FileHandle } from "node:fs/promises";
import { pieceBytes, type Piece, type SharedPieces } from "./shared-pieces.ts";

/** Read at a time for who is slow, of whom there may be a thousand, and at first for everybody. */
const leastChunk = 64 * 1024;
/** Bytes a millisecond from which on a reader counts as fast. */
const fast = 20_000;

export interface OpenFile {
  file: FileHandle;
  /** The same for all who have this very file open. */
  identity: string;
}

/**
 * Hands out the bytes from `start` to `end`, both included, and closes the file. While `take` has one piece the next is read.
 * What `take` was given is its own until the promise that it returned settles; then that memory holds other bytes.
 *
 * Fails when the file ends before that, so that nobody takes a part for the whole.
 */
export async function pour(
  { file, identity }: OpenFile,
  { start, end }: { start: number; end: number },
  pieces: SharedPieces,
  take: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const shared = pieces.join(identity, file);
  let position = start;
  let chunkBytes = leastChunk;

  async function next(): Promise<Piece | undefined> {
    const left = end + 1 - position;
    if (left <= 0) return undefined;
    const piece = await ((chunkBytes === pieceBytes ? fromShared(left) : undefined) ?? alone(left));
    position += piece.bytes.length;
    if (piece.bytes.length > 0) return piece;
    piece.release();
    throw new Error(`the file ends ${left} bytes too early`);
  }

  function ahead(): Promise<Piece | undefined> {
    const piece = next();
    // It may fail before somebody waits for it.
    piece.catch(() => undefined);
    return piece;
  }

  function fromShared(left: number): Promise<Piece> | undefined {
    const offset = position % pieceBytes;
    return shared
      .take(Math.floor(position / pieceBytes))
      ?.then(({ bytes, release }) => ({ bytes: bytes.subarray(offset, offset + left), release }));
  }

  async function alone(left: number): Promise<Piece> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, left));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    return { bytes: buffer.subarray(0, bytesRead), release: () => undefined };
  }

  let coming = ahead();
  try {
    for (let piece = await coming; piece; piece = await coming) {
      const { bytes, release } = piece;
      const taken = performance.now();
      coming = ahead();
      try {
        await take(bytes);
      } finally {
        release();
      }
      const isFast = bytes.length > fast * (performance.now() - taken);
      chunkBytes = isFast ? Math.min(2 * chunkBytes, pieceBytes) : leastChunk;
    }
  } finally {
    await coming.then((piece) => piece?.release()).catch(() => undefined);
    shared.leave();
    await file.close();
  }
}
