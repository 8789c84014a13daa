import { noTar } from "./tar.ts";

/** A stream of bytes that is asked for so many of them. */
export interface Bytes {
  /** That many, or `undefined` when the stream is over. Throws `BAD_REQUEST` when it ends between. */
  exactly(count: number): Promise<Buffer | undefined>;
  /** At least one and no more than `most`. Throws `BAD_REQUEST` at the end. */
  some(most: number): Promise<Buffer>;
  /** What comes next, if anything does. */
  any(): Promise<Buffer | undefined>;
  /** Leaves out that many. Throws `BAD_REQUEST` when there are fewer. */
  pass(count: number): Promise<void>;
  /** Ends what makes the stream. */
  close(): Promise<void>;
}

export function createBytes(source: AsyncIterable<Buffer>): Bytes {
  const pieces = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  /** Whether there is anything. */
  async function fill(): Promise<boolean> {
    while (held.length === 0) {
      const next = await pieces.next();
      if (next.done) return false;
      held = next.value;
    }
    return true;
  }

  async function some(most: number): Promise<Buffer> {
    if (!(await fill())) throw noTar();
    const piece = held.subarray(0, most);
    held = held.subarray(piece.length);
    return piece;
  }

  return {
    some,

    async exactly(count) {
      if (!(await fill())) return undefined;
      const parts: Buffer[] = [];
      for (let left = count; left > 0;) {
        const part = await some(left);
        parts.push(part);
        left -= part.length;
      }
      return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    },

    async any() {
      if (!(await fill())) return undefined;
      const piece = held;
      held = Buffer.alloc(0);
      return piece;
    },

    async pass(count) {
      for (let left = count; left > 0;) left -= (await some(left)).length;
    },

    async close() {
      await pieces.return?.();
    },
  };
}
