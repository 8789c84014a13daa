import { randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../contract/fault.ts";
import { openToRead, readRange } from "./blob-reader.ts";
import type { Blobs } from "./blobs.ts";
import { type Digest, hexOf, isOfNothing, parseDigest } from "./digests.ts";
import { fileMode, isMissing, makeFolder, replaceFile, syncFolder, toDiskFault, writeAll } from "./disk.ts";
import type { Layout } from "./layout.ts";
import { createLocks } from "./locks.ts";
import { pour } from "./pour.ts";
import { createSharedPieces } from "./shared-pieces.ts";
import { createSmallBlobs } from "./small-blobs.ts";

interface Deps {
  layout: Layout;
  ensureRoom: () => Promise<void>;
}

type BlobFiles = Pick<Blobs, "size" | "read" | "pour" | "readAll" | "write" | "remove" | "list"> & {
  /** Moves a file, whole and synced, to the place of its digest; whatever was there before is replaced, and so healed. */
  keep(digest: Digest, from: string): Promise<void>;
};

interface OpenBlob {
  file: FileHandle;
  size: number;
  parsed: Digest;
  identity: string;
}

/** Memory for what is asked for again and again, so that a manifest does not cost four file operations. */
const smallBlobsBytes = 16 * 1024 * 1024;

export function createBlobFiles({ layout, ensureRoom }: Deps): BlobFiles {
  const locks = createLocks();
  const small = createSmallBlobs(smallBlobsBytes);
  const pieces = createSharedPieces();
  const made = new Map<string, Promise<void>>();

  async function openBlob(digest: string): Promise<OpenBlob> {
    const parsed = parseDigest(digest);
    const file = await openToRead(layout.blob(parsed)).catch((error: unknown) => {
      throw isMissing(error) ? unknownBlob(digest) : toDiskFault(error, "reading blobs");
    });
    const { size, ino } = await file.stat();
    // A file that was put in place of a damaged one is another.
    if (size > 0 || isOfNothing(parsed)) return { file, size, parsed, identity: `${digest} ${ino}` };
    await file.close();
    throw unknownBlob(digest);
  }

  async function openRange(digest: string, range: { start: number; end: number } | undefined) {
    const { file, size, identity } = await openBlob(digest);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    if (range && (start < 0 || start >= size || end < start)) {
      await file.close();
      throw new Fault("RANGE_INVALID", `blob ${digest} has ${size} bytes`);
    }
    return { file, identity, start, end: Math.min(end, size - 1) };
  }

  async function folderOf(digest: Digest): Promise<string> {
    const folder = layout.blobFolder(digest);
    // Whoever comes second waits as well until the folder's name is on disk.
    const making = made.get(folder) ?? makeFolder(folder);
    made.set(folder, making);
    making.catch(() => made.delete(folder));
    await making;
    return folder;
  }

  async function keep(digest: Digest, from: string): Promise<void> {
    await locks.lock(digest.hex, async () => {
      const folder = await folderOf(digest);
      await replaceFile(from, layout.blob(digest));
      await syncFolder(folder);
    });
  }

  async function readAll(digest: string, limit: number): Promise<Buffer> {
    let bytes = small.get(digest);
    if (!bytes) {
      const { file, size, parsed } = await openBlob(digest);
      try {
        if (size > limit) throw tooLarge(digest, size, limit);
        bytes = await file.readFile();
      } finally {
        await file.close();
      }
      // A damaged one is as good as none: the client pushes it again.
      if (hexOf(parsed.algorithm, bytes) !== parsed.hex) throw unknownBlob(digest);
      small.keep(digest, bytes);
    }
    if (bytes.length > limit) throw tooLarge(digest, bytes.length, limit);
    return Buffer.from(bytes);
  }

  return {
    keep,
    readAll,

    async size(digest) {
      const held = small.get(digest);
      if (held) return held.length;
      const parsed = parseDigest(digest);
      const found = await stat(layout.blob(parsed)).catch((error: unknown) => {
        if (!isMissing(error)) throw toDiskFault(error, "reading blobs");
      });
      return found?.isFile() && (found.size > 0 || isOfNothing(parsed)) ? found.size : undefined;
    },

    async read(digest, range) {
      const { file, start, end } = await openRange(digest, range);
      return readRange(file, start, end);
    },

    async pour(digest, range, take) {
      const blob = await openRange(digest, range);
      await pour(blob, blob, pieces, take);
    },

    async write(digest, bytes) {
      const parsed = parseDigest(digest);
      if (hexOf(parsed.algorithm, bytes) !== parsed.hex) {
        throw new Fault("DIGEST_INVALID", `the bytes received are not those of ${digest}`, { digest });
      }
      await ensureRoom();
      const piece = layout.piece(randomUUID());
      try {
        const file = await open(piece, "wx", fileMode);
        try {
          await writeAll(file, bytes, 0);
          await file.datasync();
        } finally {
          await file.close();
        }
        await keep(parsed, piece);
      } catch (error) {
        await unlink(piece).catch(() => undefined);
        throw toDiskFault(error, "keeping blobs");
      }
      small.keep(digest, Buffer.from(bytes));
    },

    async remove(digest) {
      const parsed = parseDigest(digest);
      small.drop(digest);
      await locks.lock(parsed.hex, () =>
        unlink(layout.blob(parsed)).catch((error: unknown) => {
          if (!isMissing(error)) throw toDiskFault(error, "removing blobs");
        }),
      );
      small.drop(digest);
    },

    async *list() {
      for (const algorithm of ["sha256", "sha512"] as const) {
        for (const first of await namesIn(join(layout.blobs, algorithm))) {
          for (const hex of await namesIn(join(layout.blobs, algorithm, first))) {
            const digest = `${algorithm}:${hex}`;
            const found =
              digestPattern.test(digest) &&
              (await stat(layout.blob({ algorithm, hex })).catch(() => undefined));
            if (found && found.isFile()) yield { digest, size: found.size };
          }
        }
      }
    },
  };
}

const digestPattern = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

const unknownBlob = (digest: string): Fault =>
  new Fault("BLOB_UNKNOWN", `there is no blob ${digest}`, { digest });

const tooLarge = (digest: string, size: number, limit: number): Fault =>
  new Fault("SIZE_INVALID", `blob ${digest} has ${size} bytes, more than the ${limit} allowed here`);

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw toDiskFault(error, "listing blobs");
  });
}
