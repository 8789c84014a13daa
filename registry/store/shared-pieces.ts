import type { FileHandle } from "node:fs/promises";

/** Bytes of a piece: what is read at a time for who takes it fast. */
export const pieceBytes = 1024 * 1024;
/** Pieces in memory at most: 24 MiB. */
const most = 24;

export interface Piece {
  readonly bytes: Buffer;
  /** Tells that these bytes are done with: their memory is used again for others. To be called once. */
  release(): void;
}

/** One reader's way to a file that others may be reading too. */
export interface PieceReader {
  /** The file's piece of that number, counted from 0; nothing when all memory for pieces is in use. */
  take(number: number): Promise<Piece> | undefined;
  /** To be called once, when nothing is being taken; the file is the caller's to close. */
  leave(): void;
}

export interface SharedPieces {
  /** `identity` is the same for all who have the same file open, and for nobody else. */
  join(identity: string, file: FileHandle): PieceReader;
}

interface Held {
  buffer: Buffer;
  users: number;
  filled: Promise<number>;
  forget(): void;
}

/**
 * Pieces of files that are being sent, read once for all who want them at the same time.
 *
 * A layer that is new is pulled by many at once, who are then never far apart: what one has read stays until its memory is
 * needed, and the next takes it from there. The memory itself goes round too: a fresh buffer for each piece makes the
 * garbage collector run all the time.
 */
export function createSharedPieces(): SharedPieces {
  const files = new Map<string, { readers: number; pieces: Map<number, Held> }>();
  /** Pieces that nobody holds but that may still be wanted, the longest unused first. */
  const idle = new Set<Held>();
  let free: Buffer[] = [];
  let made = 0;

  function spareBuffer(): Buffer | undefined {
    const spare = free.pop();
    if (spare) return spare;
    if (made < most) {
      made += 1;
      return Buffer.allocUnsafeSlow(pieceBytes);
    }
    for (const held of idle) {
      recycle(held);
      return free.pop();
    }
    return undefined;
  }

  function recycle(held: Held): void {
    held.forget();
    idle.delete(held);
    free.push(held.buffer);
  }

  function release(held: Held): void {
    held.users -= 1;
    if (held.users === 0) idle.add(held);
  }

  return {
    join(identity, file) {
      const shared = files.get(identity) ?? { readers: 0, pieces: new Map<number, Held>() };
      const { pieces } = shared;
      shared.readers += 1;
      files.set(identity, shared);

      function read(number: number): Held | undefined {
        const buffer = spareBuffer();
        if (!buffer) return undefined;
        const filled = fill(file, buffer, number * pieceBytes);
        const held: Held = { buffer, users: 0, filled, forget: () => pieces.delete(number) };
        pieces.set(number, held);
        return held;
      }

      async function bytesOf(held: Held): Promise<Piece> {
        try {
          const bytes = held.buffer.subarray(0, await held.filled);
          return { bytes, release: () => release(held) };
        } catch (error) {
          held.users -= 1;
          // What could not be read is no piece: the next who wants it tries anew.
          if (held.users === 0) recycle(held);
          throw error;
        }
      }

      return {
        take(number) {
          const held = pieces.get(number) ?? read(number);
          if (!held) return undefined;
          held.users += 1;
          idle.delete(held);
          return bytesOf(held);
        },

        leave() {
          shared.readers -= 1;
          if (shared.readers > 0) return;
          files.delete(identity);
          for (const held of pieces.values()) recycle(held);
          if (files.size > 0) return;
          free = [];
          made = 0;
        },
      };
    },
  };
}

/** Reads until the buffer is full or the file ends, and says how far it came. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
