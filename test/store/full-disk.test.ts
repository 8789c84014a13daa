import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { openFiles } from "../../registry/store/files.ts";
import { openNedb } from "../../registry/store/nedb.ts";
import { about, bytesOf, digestOf } from "./blobs-suite.ts";
import { temporaryFolder } from "./folder.ts";

const mounted: string[] = [];
afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync("/bin/umount", ["-l", folder]);
});

function mountSmallDisk(folder: string, megabytes: number): boolean {
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "berth-test", folder], {
      stdio: "ignore",
    });
    mounted.push(folder);
    return true;
  } catch {
    return false;
  }
}

const full = { code: "INSUFFICIENT_STORAGE", status: 507 };
interface Note {
  name: string;
  text: string;
}
const notes = { name: "notes", key: (note: Note) => note.name, unique: [["text"]] as const };
const text = (n: number): string => `${n} ${"x".repeat(3000)}`;

test("on a full disk every refused write leaves no trace, every other one stays, and room is used without a restart", async (context) => {
  const folder = await temporaryFolder();
  if (!mountSmallDisk(folder, 2)) return context.skip("only root can make a small disk");
  const troubles: string[] = [];
  const open = () =>
    openNedb({ folder: join(folder, "documents"), onTrouble: ({ message }) => troubles.push(message) });
  let documents = await open();
  let collection = await documents.collection<Note>(notes);
  const kept = new Set<string>();
  const refused = new Set<string>();
  await writeFile(join(folder, "ballast"), randomBytes(300_000));

  const fill = async (from: number, to: number): Promise<void> => {
    const writes = Array.from({ length: to - from }, async (_, at) => {
      const name = `note ${from + at}`;
      // Some wait for one another, so that a refusal meets writes that were made on top of it.
      try {
        await collection.insert({ name, text: text(from + at) });
        kept.add(name);
      } catch (error) {
        expect(error).toMatchObject(full);
        refused.add(name);
      }
    });
    await Promise.all(writes);
  };
  for (let from = 0; refused.size < 60; from += 20) await fill(from, from + 20);
  expect(kept.size).toBeGreaterThan(100);
  for (const name of kept) expect(await collection.get(name)).toBeDefined();
  for (const name of refused) expect(await collection.get(name)).toBeUndefined();
  expect(await collection.count()).toBe(kept.size);
  // An index remembers nothing of what was refused either.
  const [again = ""] = refused;
  expect(await collection.find({ text: text(Number(again.slice(5))) })).toBeUndefined();

  // It starts on the full disk, and can remove.
  await documents.close();
  documents = await open();
  collection = await documents.collection<Note>(notes);
  expect(await collection.count()).toBe(kept.size);
  for (const name of kept) expect(await collection.get(name)).toBeDefined();
  await rm(join(folder, "ballast"));
  expect(await collection.remove("note 0")).toBe(true);
  await collection.insert({ name: again, text: text(Number(again.slice(5))) });
  await documents.close();

  documents = await open();
  collection = await documents.collection<Note>(notes);
  expect([await collection.count(), await collection.get("note 0")]).toEqual([kept.size, undefined]);
  expect(await collection.get(again)).toBeDefined();
  expect(troubles).toEqual([]);
  await documents.close();
});

test("a change that the full disk refuses is taken back, whatever was built upon it", async (context) => {
  const folder = await temporaryFolder();
  if (!mountSmallDisk(folder, 1)) return context.skip("only root can make a small disk");
  const documents = await openNedb({ folder, onTrouble: () => undefined });
  const collection = await documents.collection<Note & { count?: number }>(notes);
  await collection.insert({ name: "a", text: "first", count: 1 });
  await collection.insert({ name: "b", text: "second" });
  await writeFile(join(folder, "ballast"), randomBytes(2_000_000)).catch(() => undefined);
  const long = "y".repeat(5000);
  const done = await Promise.allSettled([
    collection.update("a", { text: long }),
    collection.remove("b"),
    collection.insert({ name: "b", text: "first" }),
    collection.put({ name: "a", text: "second" }),
    collection.increase("a", "count", 5),
    collection.insert({ name: "c", text: long }),
  ]);
  for (const one of done) expect(one).toMatchObject({ status: "rejected", reason: full });
  expect(await collection.list({ sort: ["name"] })).toEqual([
    { name: "a", text: "first", count: 1 },
    { name: "b", text: "second" },
  ]);
  await rm(join(folder, "ballast"));
  await collection.increase("a", "count", 1);
  await expect(collection.insert({ name: "c", text: "second" })).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await collection.find({ text: "first" })).toMatchObject({ count: 2 });
  await documents.close();
});

test("a store opens on a full disk, new collections too, and takes documents when there is room", async (context) => {
  const folder = await temporaryFolder();
  if (!mountSmallDisk(folder, 1)) return context.skip("only root can make a small disk");
  const troubles: string[] = [];
  const open = () => openNedb({ folder, onTrouble: ({ message }) => troubles.push(message) });
  const first = await open();
  await (await first.collection<Note>(notes)).insert({ name: "a", text: "1" });
  await first.close();
  await writeFile(join(folder, "ballast"), randomBytes(2_000_000)).catch(() => undefined);
  const documents = await open();
  expect(await (await documents.collection<Note>(notes)).get("a")).toBeDefined();
  const others = await documents.collection<Note>({ ...notes, name: "others" });
  const long = "z".repeat(5000);
  await expect(others.insert({ name: "b", text: long })).rejects.toMatchObject(full);
  await rm(join(folder, "ballast"));
  await others.insert({ name: "b", text: long });
  await documents.close();
  const again = await open();
  expect(await (await again.collection<Note>({ ...notes, name: "others" })).count()).toBe(1);
  await again.close();
  expect(troubles).toEqual([]);
});

test("a push that fills the disk is refused and gives its room back, while pulls go on", async (context) => {
  const folder = await temporaryFolder();
  if (!mountSmallDisk(folder, 16)) return context.skip("only root can make a small disk");
  const blobs = await openFiles({ folder, reserve: 0 });
  const small = randomBytes(2_000_000);
  await blobs.write(digestOf(small), small);
  const upload = await blobs.begin("upload-0123456789abcdef", about);
  await upload.append(Readable.from([small.subarray(0, 1_000_000)]));

  const chunk = randomBytes(65_536);
  const endless = Readable.from(Array.from({ length: 400 }, () => chunk));
  await expect(upload.append(endless)).rejects.toMatchObject(full);
  // Whoever sent it must still be answered.
  expect(endless.destroyed).toBe(false);
  expect(upload.size).toBe(1_000_000);
  expect((await stat(join(folder, "uploads", upload.id, "data"))).size).toBe(1_000_000);
  expect((await bytesOf(await blobs.read(digestOf(small)))).equals(small)).toBe(true);

  const large = randomBytes(15_000_000);
  await expect(blobs.write(digestOf(large), large)).rejects.toMatchObject(full);
  expect(await blobs.size(digestOf(large))).toBeUndefined();
  await upload.append(Readable.from([small.subarray(1_000_000)]));
  const again = Buffer.concat([small]);
  await upload.commit(`sha512:${createHash("sha512").update(again).digest("hex")}`);
  await blobs.close();
});

test("blobs leave the reserve of the disk to documents", async (context) => {
  const folder = await temporaryFolder();
  if (!mountSmallDisk(folder, 8)) return context.skip("only root can make a small disk");
  const blobs = await openFiles({ folder, reserve: 6_000_000 });
  const bytes = randomBytes(3_000_000);
  await blobs.write(digestOf(bytes), bytes);
  await new Promise((done) => setTimeout(done, 300));
  await expect(blobs.begin("upload-0123456789abcdef", about)).rejects.toMatchObject(full);
  await expect(blobs.write(digestOf(chunkOf(10)), chunkOf(10))).rejects.toMatchObject(full);
  await blobs.remove(digestOf(bytes));
  await new Promise((done) => setTimeout(done, 300));
  await blobs.write(digestOf(chunkOf(10)), chunkOf(10));
  await blobs.close();
});

const chunkOf = (size: number): Buffer => Buffer.alloc(size, 7);
