import { randomBytes } from "node:crypto";
import { readdir, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { openFiles } from "../../registry/store/files.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { parseDigest } from "../../registry/store/digests.ts";
import { about, blobsSuite, bytesOf, digestOf } from "./blobs-suite.ts";
import { fastFolder } from "./folder.ts";

blobsSuite("files", (folder) => openFiles({ folder }));

const id = "upload-0123456789abcdef";

test("a blob whose file is damaged is replaced by the next push", async () => {
  const folder = await fastFolder();
  const bytes = randomBytes(200_000);
  const digest = digestOf(bytes);
  const path = layoutOf(folder).blob(parseDigest(digest));
  for (const damage of [
    () => truncate(path, 0),
    () => truncate(path, 777),
    () => writeFile(path, randomBytes(200_000)),
  ]) {
    const blobs = await openFiles({ folder });
    await blobs.write(digest, bytes);
    await damage();
    const upload = await blobs.begin(id, about);
    await upload.append(Readable.from([bytes]));
    await upload.commit(digest);
    expect((await bytesOf(await blobs.read(digest))).equals(bytes)).toBe(true);
    await blobs.close();
  }
});

test("a file without bytes is not taken for a blob, nor a changed one for a manifest", async () => {
  const folder = await fastFolder();
  const blobs = await openFiles({ folder });
  const bytes = randomBytes(70_000);
  const digest = digestOf(bytes);
  const path = layoutOf(folder).blob(parseDigest(digest));
  await blobs.write(digest, bytes);
  await writeFile(path, randomBytes(70_000));
  await expect(blobs.readAll(digest, 1e6)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  await truncate(path, 0);
  expect(await blobs.size(digest)).toBeUndefined();
  await expect(blobs.read(digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
});

test("a blob that is cut short while it is read breaks the stream instead of ending it", async () => {
  const folder = await fastFolder();
  const blobs = await openFiles({ folder });
  const bytes = randomBytes(4_000_000);
  const digest = digestOf(bytes);
  await blobs.write(digest, bytes);
  const stream = await blobs.read(digest);
  await truncate(layoutOf(folder).blob(parseDigest(digest)), 1_000_000);
  await expect(bytesOf(stream)).rejects.toThrow("too early");
});

test("a blob is read to its end though it is removed meanwhile", async () => {
  const blobs = await openFiles({ folder: await fastFolder() });
  const bytes = randomBytes(4_000_000);
  await blobs.write(digestOf(bytes), bytes);
  const stream = await blobs.read(digestOf(bytes));
  await blobs.remove(digestOf(bytes));
  expect((await bytesOf(stream)).equals(bytes)).toBe(true);
});

test("what a killed run left of unfinished blobs and uploads is swept, and is in nobody's way", async () => {
  const folder = await fastFolder();
  const layout = layoutOf(folder);
  await (await openFiles({ folder })).close();
  await writeFile(layout.piece("left"), "half");
  const blobs = await openFiles({ folder });
  const finished = await blobs.begin(id, about);
  await finished.append(Readable.from([randomBytes(10)]));
  await blobs.close();
  // As after a crash between the blob's rename and the end of its upload.
  await truncate(layout.upload(id).about, 5);
  const again = await openFiles({ folder });
  expect(await again.upload(id)).toBeUndefined();
  for await (const upload of again.uploads()) expect(upload).toBeUndefined();
  expect(await readdir(layout.uploads)).toEqual([]);
});

test("blobs and uploads are for their owner only", async () => {
  const folder = await fastFolder();
  const blobs = await openFiles({ folder });
  const bytes = randomBytes(100);
  await blobs.write(digestOf(bytes), bytes);
  await (await blobs.begin(id, about)).append(Readable.from([bytes]));
  const layout = layoutOf(folder);
  const digest = parseDigest(digestOf(bytes));
  const folders = [layout.blobs, layout.blobFolder(digest), layout.uploads, layout.upload(id).folder];
  for (const path of folders) expect((await stat(path)).mode & 0o777).toBe(0o700);
  const files = [layout.blob(digest), layout.upload(id).data, layout.upload(id).about];
  for (const path of files) expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readdir(join(folder))).sort()).toEqual(["blobs", "uploads"]);
});

test("a large upload is received within a few megabytes of memory and without holding other work", async () => {
  const blobs = await openFiles({ folder: await fastFolder() });
  const chunk = randomBytes(65_536);
  const upload = await blobs.begin(id, about);
  let handedOut = 0;
  let ahead = 0;
  const pieces = function* () {
    for (let n = 0; n < 2048; n++) {
      handedOut += chunk.length;
      ahead = Math.max(ahead, process.memoryUsage().arrayBuffers);
      yield Buffer.from(chunk);
    }
  };
  const before = process.memoryUsage().arrayBuffers;
  await upload.append(Readable.from(pieces()));
  expect(upload.size).toBe(handedOut);
  expect(ahead - before).toBeLessThan(100 * 1024 * 1024);
  await upload.cancel();
});
