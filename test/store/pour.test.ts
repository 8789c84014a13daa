import { randomBytes } from "node:crypto";
import { readdir, readlink, truncate } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Blobs } from "../../registry/store/blobs.ts";
import { parseDigest } from "../../registry/store/digests.ts";
import { openFiles } from "../../registry/store/files.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { digestOf } from "./blobs-suite.ts";
import { fastFolder } from "./folder.ts";

const size = 9_000_001;

async function oneBlob() {
  const folder = await fastFolder();
  const blobs = await openFiles({ folder });
  onTestFinished(() => blobs.close());
  const bytes = randomBytes(size);
  const digest = digestOf(bytes);
  await blobs.write(digest, bytes);
  return { blobs, bytes, digest, path: layoutOf(folder).blob(parseDigest(digest)) };
}

/** Takes it as a socket would: what a piece holds is looked at only when it has been sent. */
async function taken(
  blobs: Blobs,
  digest: string,
  { range, pause }: { range?: { start: number; end: number }; pause?: () => number } = {},
): Promise<Buffer> {
  const got: Buffer[] = [];
  await blobs.pour(digest, range, async (bytes) => {
    await wait(pause?.() ?? 0);
    got.push(Buffer.from(bytes));
  });
  return Buffer.concat(got);
}

async function isOpen(file: string): Promise<boolean> {
  const fds = await readdir("/proc/self/fd").catch(() => []); // Linux alone has it.
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return paths.includes(file);
}

test("forty who pull one blob at once all get the whole of it, each at its own pace", async () => {
  const { blobs, bytes, digest, path } = await oneBlob();
  const pulls = Array.from({ length: 40 }, (_, n) =>
    taken(blobs, digest, { pause: () => (n % 5 === 0 ? Math.random() * 20 : Math.random() * 2) }),
  );
  for (const got of await Promise.all(pulls)) expect(got.equals(bytes)).toBe(true);
  expect(await isOpen(path)).toBe(false);
});

test("every part of a blob is its own, while others pull other parts", async () => {
  const { blobs, bytes, digest } = await oneBlob();
  const at = (): number => Math.floor(Math.random() * size);
  const ranges = [0, 1, 1_048_575, 1_048_576, size - 1].flatMap((edge) => {
    const other = at();
    return [
      { start: edge, end: edge },
      { start: Math.min(edge, other), end: Math.max(edge, other) },
    ];
  });
  const got = await Promise.all(ranges.map((range) => taken(blobs, digest, { range })));
  for (const [n, { start, end }] of ranges.entries()) {
    expect(got[n]?.equals(bytes.subarray(start, end + 1))).toBe(true);
  }
});

test("one who goes away half way disturbs nobody, and leaves no file open", async () => {
  const { blobs, bytes, digest, path } = await oneBlob();
  const others = Array.from({ length: 6 }, () => taken(blobs, digest, { pause: () => Math.random() * 3 }));
  for (let n = 1; n < 8; n++) {
    let left = n;
    const gone = blobs.pour(digest, undefined, () =>
      --left > 0 ? Promise.resolve() : Promise.reject(new Error("gone")),
    );
    await expect(gone).rejects.toThrow("gone");
  }
  for (const got of await Promise.all(others)) expect(got.equals(bytes)).toBe(true);
  expect(await isOpen(path)).toBe(false);
});

test("a blob that is cut short while it is pulled fails for everybody, and what replaces it comes whole", async () => {
  const { blobs, bytes, digest, path } = await oneBlob();
  const slow = [10, 20, 30].map((pause) => taken(blobs, digest, { pause: () => pause }));
  const ends = Promise.allSettled(slow);
  await wait(30);
  await truncate(path, 2_000_000);
  for (const end of await ends) expect(end).toMatchObject({ status: "rejected" });
  const late = taken(blobs, digest, { pause: () => 5 }).catch((error: unknown) => String(error));
  await blobs.write(digest, bytes);
  expect((await taken(blobs, digest)).equals(bytes)).toBe(true);
  await late;
});

test("a blob that is not there is refused before anything is taken", async () => {
  const { blobs } = await oneBlob();
  const never = blobs.pour(digestOf(Buffer.from("other")), undefined, () =>
    Promise.reject(new Error("taken")),
  );
  await expect(never).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
});
