import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openNedb, type Trouble } from "../../registry/store/nedb.ts";
import { fastFolder } from "./folder.ts";

interface Note {
  name: string;
  text: string;
}
const notes = { name: "notes", key: (note: Note) => note.name };
const note = (n: number, text = `text ${n}`): Note => ({ name: `note ${n}`, text });
const byName = (a: Note, b: Note): number => a.name.localeCompare(b.name, "en", { numeric: true });

/** Opens the collection, runs `work` on it, and closes. Tells what was in it before, and what was reported. */
async function visit(
  folder: string,
  work?: (collection: Awaited<ReturnType<typeof collectionIn>>) => Promise<void>,
) {
  const troubles: Trouble[] = [];
  const documents = await openNedb({ folder, onTrouble: (trouble) => troubles.push(trouble) });
  const collection = await collectionIn(documents);
  const found = (await collection.list()).sort(byName);
  await work?.(collection);
  await documents.close();
  return { found, troubles: troubles.map(({ message }) => message), names: await readdir(folder) };
}
const collectionIn = (documents: Awaited<ReturnType<typeof openNedb>>) => documents.collection<Note>(notes);

/** A folder as `folder` was, but with other bytes in the file. */
async function damaged(folder: string, bytes: Buffer | undefined, without: RegExp = /^$/): Promise<string> {
  const copy = join(await fastFolder(), "documents");
  await mkdir(copy);
  for (const name of await readdir(folder))
    if (!without.test(name)) await copyFile(join(folder, name), join(copy, name));
  if (bytes) await writeFile(join(copy, "notes.db"), bytes);
  else await rm(join(copy, "notes.db"));
  return copy;
}

async function folderOf(count: number, runs = 1): Promise<{ folder: string; bytes: Buffer }> {
  const folder = await fastFolder();
  for (let run = 0; run < runs; run++) {
    await visit(folder, async (collection) => {
      for (let n = 0; n < count; n++) await collection.put(note(run * count + n));
    });
  }
  return { folder, bytes: await readFile(join(folder, "notes.db")) };
}

test("a file whose end a crash has torn at any byte opens with exactly its whole lines", async () => {
  for (const count of [1, 3, 8]) {
    const { folder, bytes } = await folderOf(count);
    const first = bytes.indexOf("\n") + 1;
    for (let cut = first; cut <= bytes.length; cut++) {
      const part = bytes.subarray(0, cut);
      const whole = part.toString().split("\n").length - 2;
      const copy = await damaged(folder, part);
      const { found, troubles, names } = await visit(copy, (collection) => collection.insert(note(99)));
      expect(found).toEqual(Array.from({ length: whole }, (_, n) => note(n)));
      expect(troubles).toEqual([]);
      expect(names.some((name) => name.startsWith("notes.db.torn-"))).toBe(bytes[cut - 1] !== 10);
      if (cut % 9 === 0) expect((await visit(copy)).found).toHaveLength(whole + 1);
      await rm(copy, { recursive: true });
    }
  }
});

test("zeros behind the last line, as a power cut leaves them, are cut off and kept aside", async () => {
  const { folder, bytes } = await folderOf(3);
  for (const zeros of [1, 4096, 65_536]) {
    const copy = await damaged(folder, Buffer.concat([bytes, Buffer.alloc(zeros)]));
    const { found, names } = await visit(copy, (collection) => collection.insert(note(3)));
    expect(found).toHaveLength(3);
    const torn = names.find((name) => name.startsWith("notes.db.torn-")) ?? "";
    expect(await readFile(join(copy, torn))).toHaveLength(zeros);
    expect((await visit(copy)).found).toHaveLength(4);
  }
});

test("no flipped bit changes a document unnoticed, and a former file gives back what was lost", async () => {
  const { folder, bytes } = await folderOf(4, 3);
  // The former file holds what was there at the start of the last run, and of that everything comes back.
  const former = Array.from({ length: 8 }, (_, n) => note(n));
  const all = [...former, ...Array.from({ length: 4 }, (_, n) => note(8 + n))];
  for (let flip = 0; flip < 120; flip++) {
    const other = Buffer.from(bytes);
    const at = (flip * 7919) % bytes.length;
    other[at] = (other[at] ?? 0) ^ (1 << (flip % 8));
    const copy = await damaged(folder, other);
    const { found, troubles, names } = await visit(copy);
    for (const one of found) expect(all).toContainEqual(one);
    for (const one of former) expect(found).toContainEqual(one);
    // A lost newline takes two lines with it.
    expect(found.length).toBeGreaterThanOrEqual(10);
    const lastNewline = at === bytes.length - 1;
    expect(troubles).toHaveLength(lastNewline ? 0 : 1);
    expect(names.some((name) => name.startsWith("notes.db.damaged-"))).toBe(!lastNewline);
    if (flip % 10 === 0) expect(await visit(copy)).toMatchObject({ found, troubles: [] });
    await rm(copy, { recursive: true });
  }
});

test.each([
  ["missing", undefined],
  ["empty", Buffer.alloc(0)],
  ["all zeros", Buffer.alloc(5000)],
  ["of another program", Buffer.from('{"name":"note 1","text":"text 1"}\n'.repeat(20))],
])("a file that is %s is noticed, and its former one takes its place", async (_, bytes) => {
  const { folder } = await folderOf(5, 2);
  const copy = await damaged(folder, bytes);
  const { found, troubles } = await visit(copy);
  expect(found).toEqual(Array.from({ length: 5 }, (_one, n) => note(n)));
  expect(troubles).toEqual([
    expect.stringMatching(/^the file of notes .*5 documents came back from a former one/),
  ]);
  expect((await visit(copy)).troubles).toEqual([]);
});

test("a file that is lost with all its former ones is reported, and the collection opens empty", async () => {
  const { folder } = await folderOf(5, 2);
  for (const bytes of [undefined, Buffer.alloc(0)]) {
    const copy = await damaged(folder, bytes, /\.prev/);
    const { found, troubles } = await visit(copy, (collection) => collection.insert(note(1)));
    expect([found, troubles.length]).toEqual([[], 1]);
    expect(await visit(copy)).toMatchObject({ found: [note(1)], troubles: [] });
  }
});

test("lines that are missing, doubled or out of place are noticed, and set right where that can be", async () => {
  const { folder, bytes } = await folderOf(6);
  const lines = bytes.toString().trimEnd().split("\n");
  const all = Array.from({ length: 6 }, (_, n) => note(n));
  const order = (...numbers: number[]) => Buffer.from(numbers.map((n) => `${lines[n] ?? ""}\n`).join(""));
  const swapped = await visit(await damaged(folder, order(0, 1, 3, 2, 4, 5, 6)));
  expect(swapped.found).toEqual(all);
  expect(swapped.troubles).toEqual([expect.stringContaining("out of place")]);
  const doubled = await visit(await damaged(folder, order(0, 1, 2, 3, 1, 2, 3, 4, 5, 6)));
  expect(doubled.found).toEqual(all);
  expect(doubled.troubles).toHaveLength(1);
  const missing = await visit(await damaged(folder, order(0, 1, 2, 5, 6)));
  expect(missing.found).toEqual([all[0], all[1], all[4], all[5]]);
  expect(missing.troubles).toEqual([expect.stringContaining("lacks 2 lines")]);
});

test("a file cut at the end of a line, inside what was once written as a whole, is noticed", async () => {
  const { folder } = await folderOf(5, 1);
  await visit(folder); // a start writes it anew
  const bytes = await readFile(join(folder, "notes.db"));
  const lines = bytes.toString().split("\n");
  const { found, troubles } = await visit(
    await damaged(folder, Buffer.from(`${lines.slice(0, 4).join("\n")}\n`)),
  );
  expect(found).toHaveLength(5);
  expect(troubles).toEqual([expect.stringContaining("lacks at least 2 lines at its end")]);
});

test("what was removed does not come back with a former file, unless the removal itself was lost", async () => {
  const { folder } = await folderOf(5);
  await visit(folder, async (collection) => {
    await collection.remove("note 1");
    await collection.update("note 2", { text: "new" });
    await collection.insert(note(7));
  });
  const bytes = await readFile(join(folder, "notes.db"));
  const other = Buffer.from(bytes);
  other[other.lastIndexOf("note 7")] = 0;
  const { found, troubles } = await visit(await damaged(folder, other));
  expect(troubles).toHaveLength(1);
  expect(found).toEqual([note(0), note(2, "new"), note(3), note(4)]);
});

test("half a new file, left by a crash while it was written, is not taken for the file", async () => {
  const { folder, bytes } = await folderOf(5);
  await writeFile(join(folder, "notes.db~"), bytes.subarray(0, 60));
  const { found, troubles, names } = await visit(folder);
  expect([found.length, troubles]).toEqual([5, []]);
  expect(names).not.toContain("notes.db~");
});

test("three former files are kept, none of them changed by what is written later", async () => {
  const { folder } = await folderOf(2, 6);
  const names = (await readdir(folder)).filter((name) => name.includes(".prev")).sort();
  expect(names).toEqual(["notes.db.prev", "notes.db.prev2", "notes.db.prev3"]);
  const counts = await Promise.all(
    names.map(async (name) => (await readFile(join(folder, name), "utf8")).split("\n=").length),
  );
  expect(counts).toEqual([...counts].sort((a, b) => b - a));
});

test("documents that a new unique index excludes are kept aside and reported", async () => {
  const { folder } = await folderOf(1);
  await visit(folder, async (collection) => {
    await collection.insert({ name: "a", text: "same" });
    await collection.insert({ name: "b", text: "same" });
  });
  const troubles: Trouble[] = [];
  const documents = await openNedb({ folder, onTrouble: (trouble) => troubles.push(trouble) });
  const collection = await documents.collection<Note>({ ...notes, unique: [["text"]] });
  expect(await collection.count()).toBe(2);
  await documents.close();
  expect(troubles).toEqual([
    { collection: "notes", message: expect.stringContaining("see notes.db.refused-") as string },
  ]);
  const aside = (await readdir(folder)).find((name) => name.includes(".refused-")) ?? "";
  expect(await readFile(join(folder, aside), "utf8")).toContain('{"name":"b","text":"same"}');
});
