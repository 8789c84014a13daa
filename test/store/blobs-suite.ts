import { createHash, randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Blobs, UploadInfo } from "../../registry/store/blobs.ts";
import { fastFolder } from "./folder.ts";

export const digestOf = (bytes: Buffer, algorithm = "sha256"): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;

export const about: UploadInfo = {
  repository_name: "acme/app",
  user: "alice",
  started: "2026-01-02T03:04:05.000Z",
};

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Resolves when the other end has everything that was written so far. */
async function taken(stream: PassThrough): Promise<void> {
  while (stream.readableLength > 0) await new Promise((done) => setTimeout(done, 2));
}

const id = "upload-0123456789abcdef";

/** What every engine of blobs promises. */
export function blobsSuite(engine: string, open: (folder: string) => Promise<Blobs>): void {
  async function pool(): Promise<{ blobs: Blobs; folder: string; reopen: () => Promise<Blobs> }> {
    const folder = await fastFolder();
    let blobs = await open(folder);
    return {
      blobs,
      folder,
      async reopen() {
        await blobs.close();
        return (blobs = await open(folder));
      },
    };
  }

  describe(`blobs in ${engine}`, () => {
    test("come back whole, now and after a restart, until they are removed", async () => {
      const { blobs, reopen } = await pool();
      for (const size of [0, 1, 70_000, 3_000_000]) {
        const bytes = randomBytes(size);
        await blobs.write(digestOf(bytes), bytes);
        expect(await blobs.size(digestOf(bytes))).toBe(size);
        expect((await blobs.readAll(digestOf(bytes), 4_000_000)).equals(bytes)).toBe(true);
        expect((await bytesOf(await blobs.read(digestOf(bytes)))).equals(bytes)).toBe(true);
      }
      const again = await reopen();
      const listed = await listOf(again.list());
      expect(listed.map(({ size }) => size).sort((a, b) => a - b)).toEqual([0, 1, 70_000, 3_000_000]);
      for (const { digest } of listed) {
        await again.remove(digest);
        await again.remove(digest);
        expect(await again.size(digest)).toBeUndefined();
        await expect(again.read(digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
        await expect(again.readAll(digest, 10)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
      }
      expect(await listOf(again.list())).toEqual([]);
    });

    test("are refused under a digest that they do not have", async () => {
      const { blobs } = await pool();
      const digest = digestOf(Buffer.from("x"));
      await expect(blobs.write(digest, Buffer.from("y"))).rejects.toMatchObject({ code: "DIGEST_INVALID" });
      expect(await blobs.size(digest)).toBeUndefined();
      expect(await listOf(blobs.list())).toEqual([]);
    });

    test("are never looked for under anything but a well-formed digest", async () => {
      const { blobs } = await pool();
      const hex = "a".repeat(64);
      const wrong = [
        "",
        "sha256:",
        `sha256:${"A".repeat(64)}`,
        `sha256:${hex}a`,
        `sha256:${"../".repeat(21)}a`,
      ];
      wrong.push(
        `sha512:${hex}`,
        `md5:${"a".repeat(32)}`,
        `sha256:${hex}\n`,
        `../sha256:${hex}`,
        `sha256:${hex}/..`,
      );
      for (const digest of wrong) {
        const refusal = { code: "DIGEST_INVALID" };
        await expect(blobs.size(digest)).rejects.toMatchObject(refusal);
        await expect(blobs.read(digest)).rejects.toMatchObject(refusal);
        await expect(blobs.readAll(digest, 1)).rejects.toMatchObject(refusal);
        await expect(blobs.write(digest, Buffer.from(""))).rejects.toMatchObject(refusal);
        await expect(blobs.remove(digest)).rejects.toMatchObject(refusal);
      }
    });

    test("are read in ranges, both ends included", async () => {
      const { blobs } = await pool();
      const bytes = randomBytes(1_500_000);
      const digest = digestOf(bytes);
      await blobs.write(digest, bytes);
      for (const [start, end] of [
        [0, 0],
        [5, 1_499_999],
        [1_499_999, 1_499_999],
        [700_000, 9_999_999],
      ] as const) {
        expect(
          (await bytesOf(await blobs.read(digest, { start, end }))).equals(bytes.subarray(start, end + 1)),
        ).toBe(true);
      }
      for (const [start, end] of [
        [1_500_000, 1_500_001],
        [5, 4],
        [-1, 4],
      ] as const) {
        await expect(blobs.read(digest, { start, end })).rejects.toMatchObject({ code: "RANGE_INVALID" });
      }
    });

    test("above the limit are not read into memory", async () => {
      const { blobs } = await pool();
      for (const size of [100, 100_000]) {
        const bytes = randomBytes(size);
        await blobs.write(digestOf(bytes), bytes);
        await expect(blobs.readAll(digestOf(bytes), size - 1)).rejects.toMatchObject({
          code: "SIZE_INVALID",
        });
        expect((await blobs.readAll(digestOf(bytes), size)).equals(bytes)).toBe(true);
        await expect(blobs.readAll(digestOf(bytes), size - 1)).rejects.toMatchObject({
          code: "SIZE_INVALID",
        });
      }
    });

    test("arrive in pieces of any size, under either algorithm", async () => {
      const { blobs } = await pool();
      for (const algorithm of ["sha256", "sha512"]) {
        const bytes = randomBytes(2_500_000);
        const upload = await blobs.begin(`${id}-${algorithm}`, about);
        const tiny = Array.from({ length: 1000 }, (_, at) => bytes.subarray(at, at + 1));
        await upload.append(Readable.from(tiny));
        expect(upload.size).toBe(1000);
        await upload.append(Readable.from([bytes.subarray(1000, 1001), bytes.subarray(1001, 2_400_000)]));
        await upload.append(Readable.from([]));
        await upload.append(Readable.from([bytes.subarray(2_400_000)]));
        expect(upload.size).toBe(bytes.length);
        await upload.commit(digestOf(bytes, algorithm));
        expect((await bytesOf(await blobs.read(digestOf(bytes, algorithm)))).equals(bytes)).toBe(true);
        expect(await blobs.upload(`${id}-${algorithm}`)).toBeUndefined();
        await expect(upload.append(Readable.from([]))).rejects.toMatchObject({ code: "BLOB_UPLOAD_UNKNOWN" });
        await expect(upload.commit(digestOf(bytes))).rejects.toMatchObject({ code: "BLOB_UPLOAD_UNKNOWN" });
      }
    });

    test("half received go on after a restart where they stopped", async () => {
      const { blobs, reopen } = await pool();
      const bytes = randomBytes(900_000);
      await (await blobs.begin(id, about)).append(Readable.from([bytes.subarray(0, 500_001)]));
      const upload = await (await reopen()).upload(id);
      expect(upload).toMatchObject({ id, about, size: 500_001 });
      await upload?.append(Readable.from([bytes.subarray(500_001)]));
      const again = await reopen();
      await (await again.upload(id))?.commit(digestOf(bytes));
      expect((await again.readAll(digestOf(bytes), 1e6)).equals(bytes)).toBe(true);
    });

    test("keep what arrived before their stream broke", async () => {
      const { blobs } = await pool();
      const bytes = randomBytes(300_000);
      const upload = await blobs.begin(id, about);
      const stream = new PassThrough();
      const appending = upload.append(stream);
      stream.write(bytes.subarray(0, 123_456));
      await taken(stream);
      stream.destroy(new Error("the wire was cut"));
      await expect(appending).rejects.toThrow("the wire was cut");
      expect(upload.size).toBe(123_456);
      await upload.append(Readable.from([bytes.subarray(123_456)]));
      await upload.commit(digestOf(bytes));
      expect((await blobs.readAll(digestOf(bytes), 1e6)).equals(bytes)).toBe(true);
    });

    test("are received from one client at a time", async () => {
      const { blobs } = await pool();
      const bytes = randomBytes(1000);
      const upload = await blobs.begin(id, about);
      const stream = new PassThrough();
      const first = upload.append(stream);
      const same = await blobs.upload(id);
      await expect(same?.append(Readable.from([bytes]))).rejects.toMatchObject({
        code: "BLOB_UPLOAD_INVALID",
      });
      await expect(same?.commit(digestOf(bytes))).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
      stream.end(bytes);
      await first;
      const finishers = await Promise.allSettled([
        upload.commit(digestOf(bytes)),
        same?.commit(digestOf(bytes)),
      ]);
      expect(finishers.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect((await blobs.readAll(digestOf(bytes), 1000)).equals(bytes)).toBe(true);
    });

    test("are not made of an upload whose digest does not match, which stays as it was", async () => {
      const { blobs } = await pool();
      const bytes = randomBytes(1000);
      const upload = await blobs.begin(id, about);
      await upload.append(Readable.from([bytes.subarray(0, 400)]));
      for (const digest of [digestOf(bytes), digestOf(bytes, "sha512"), "sha256:x"]) {
        await expect(upload.commit(digest)).rejects.toMatchObject({ code: "DIGEST_INVALID" });
      }
      expect(await listOf(blobs.list())).toEqual([]);
      expect((await blobs.upload(id))?.size).toBe(400);
      await upload.append(Readable.from([bytes.subarray(400)]));
      await upload.commit(digestOf(bytes));
      expect(await blobs.size(digestOf(bytes))).toBe(1000);
    });

    test("pushed by many at once under one digest are kept once", async () => {
      const { blobs } = await pool();
      const bytes = randomBytes(200_000);
      await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const upload = await blobs.begin(`${id}-${n}`, about);
          await upload.append(Readable.from([bytes]));
          await upload.commit(digestOf(bytes));
        }),
      );
      expect(await listOf(blobs.list())).toEqual([{ digest: digestOf(bytes), size: 200_000 }]);
      expect(await listOf(blobs.uploads())).toEqual([]);
    });

    test("given up leave nothing, even while bytes still come", async () => {
      const { blobs, reopen } = await pool();
      const upload = await blobs.begin(id, about);
      const stream = new PassThrough();
      const appending = upload.append(stream);
      stream.write(randomBytes(100_000));
      await taken(stream);
      await upload.cancel();
      stream.end();
      await expect(appending).rejects.toMatchObject({ code: "BLOB_UPLOAD_UNKNOWN" });
      expect(await blobs.upload(id)).toBeUndefined();
      expect(await listOf((await reopen()).uploads())).toEqual([]);
    });

    test("are received under ids that cannot leave the folder, each once", async () => {
      const { blobs } = await pool();
      for (const wrong of [
        "",
        "short",
        "../../../../../../etc",
        "a/b".repeat(8),
        "a".repeat(65),
        `${"a".repeat(16)}\0`,
      ]) {
        await expect(blobs.begin(wrong, about)).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
        expect(await blobs.upload(wrong)).toBeUndefined();
      }
      await blobs.begin(id, about);
      await expect(blobs.begin(id, about)).rejects.toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
      expect((await listOf(blobs.uploads())).map((upload) => upload.id)).toEqual([id]);
    });

    test("whose uploads are open say when bytes last came", async () => {
      const { blobs, reopen } = await pool();
      const before = Date.now() - 2000;
      await (await blobs.begin(id, about)).append(Readable.from([randomBytes(10)]));
      const [upload] = await listOf((await reopen()).uploads());
      expect(Date.parse(upload?.active ?? "")).toBeGreaterThan(before);
      expect(Date.parse(upload?.active ?? "")).toBeLessThan(Date.now() + 2000);
    });

    test("being received when the store closes keep what arrived", async () => {
      const { blobs, reopen } = await pool();
      const upload = await blobs.begin(id, about);
      const stream = new PassThrough();
      const appending = expect(upload.append(stream)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
      stream.write(randomBytes(5000));
      await taken(stream);
      const again = await reopen();
      await appending;
      await expect(blobs.begin(`${id}-2`, about)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
      expect((await again.upload(id))?.size).toBe(5000);
    });
  });
}
