import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Fault } from "../contract/fault.ts";

/** What other files begin with, and what to say of them. */
const others: readonly [magic: string, what: string][] = [
  ["504b0304", "a zip file"],
  ["28b52ffd", "packed with zstd: unpack it first, as with zstd -d"],
  ["fd377a585a00", "packed with xz: unpack it first, as with xz -d"],
  ["425a68", "packed with bzip2: unpack it first, as with bzip2 -d"],
];
const gzip = "1f8b";
const longestMagic = 6;

/** Beyond so many bytes, what swells to so many times its size is no archive of images. */
const bomb = { bytes: 2 ** 30, times: 200 };

/**
 * The tar that a body holds, whether or not it is packed with gzip.
 *
 * Throws `BAD_REQUEST` for what is something else, is packed twice, or swells without end.
 */
export async function* unpacked(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packed = { bytes: 0 };
  const source = counted(body, packed);
  try {
    yield* opened(source, packed);
  } finally {
    // Not waited for: it may be waiting itself, for bytes that nobody needs any more.
    void source.return(undefined).catch(() => undefined);
  }
}

async function* opened(source: AsyncGenerator<Buffer>, packed: { bytes: number }): AsyncGenerator<Buffer> {
  const whole = await peeked(source);
  assertOther(whole.magic);
  if (!whole.magic.startsWith(gzip)) {
    yield* whole.pieces;
    return;
  }
  const inner = await peeked(gunzipped(whole.pieces));
  if (inner.magic.startsWith(gzip)) throw new Fault("BAD_REQUEST", "the archive is packed twice");
  assertOther(inner.magic);
  let length = 0;
  for await (const piece of inner.pieces) {
    length += piece.length;
    if (length > bomb.bytes && length > bomb.times * packed.bytes) {
      throw new Fault(
        "BAD_REQUEST",
        `the archive swells to more than ${bomb.times} times its size: unpack it first, if it is meant so`,
      );
    }
    yield piece;
  }
}

async function* counted(body: AsyncIterable<Buffer>, sum: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    sum.bytes += piece.length;
    yield piece;
  }
}

/** The first bytes in hexadecimal digits, and all of them again. */
async function peeked(source: AsyncGenerator<Buffer>) {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < longestMagic) {
    const next = await source.next();
    if (next.done) break;
    first = Buffer.concat([first, next.value]);
  }
  async function* again(): AsyncGenerator<Buffer> {
    if (first.length > 0) yield first;
    yield* source;
  }
  return { magic: first.toString("hex", 0, longestMagic), pieces: again() };
}

function assertOther(magic: string): void {
  if (magic === "") throw new Fault("BAD_REQUEST", "the archive is empty");
  const found = others.find(([begin]) => magic.startsWith(begin));
  if (found) throw new Fault("BAD_REQUEST", `the file is no tar archive but ${found[1]}`);
}

async function* gunzipped(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 128 * 1024 });
  pipeline(Readable.from(pieces, { objectMode: false }), gunzip, () => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (/^Z_/.test(code)) throw new Fault("BAD_REQUEST", "the archive is packed with gzip, and damaged");
    throw error;
  }
}
