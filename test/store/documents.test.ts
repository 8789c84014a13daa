import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openNedb } from "../../registry/store/nedb.ts";
import { documentsSuite } from "./documents-suite.ts";
import { fastFolder } from "./folder.ts";

const open = (folder: string) =>
  openNedb({
    folder,
    onTrouble: ({ message }) => {
      throw new Error(message);
    },
  });

documentsSuite("NeDB", open);

interface Note {
  name: string;
  value: string;
}
const notes = { name: "notes", key: (note: Note) => note.name };

test("the files of documents are for their owner only, and hold one line each", async () => {
  const folder = join(await fastFolder(), "documents");
  const documents = await open(folder);
  const collection = await documents.collection<Note>(notes);
  await collection.insert({ name: "a", value: "x\u2028y\u2029z\u0085" });
  await documents.close();
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  const text = await readFile(join(folder, "notes.db"), "utf8");
  expect(text.split(/[\n\u2028\u2029\u0085]/)).toHaveLength(3);
});

test("a document changed ten thousand times takes no more room than one when the store is closed", async () => {
  const folder = await fastFolder();
  const documents = await open(folder);
  const collection = await documents.collection<Note>(notes);
  for (let round = 0; round < 100; round++) {
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => collection.put({ name: "a", value: `${round} ${n}` })),
    );
  }
  expect((await stat(join(folder, "notes.db"))).size).toBeGreaterThan(100_000);
  await documents.close();
  expect((await stat(join(folder, "notes.db"))).size).toBeLessThan(200);
  const again = await open(folder);
  expect(await (await again.collection<Note>(notes)).list()).toEqual([{ name: "a", value: "99 99" }]);
  await again.close();
});

test("a file that grows large is written anew while the registry runs, and loses nothing that is written meanwhile", async () => {
  const folder = await fastFolder();
  const documents = await open(folder);
  const collection = await documents.collection<Note>(notes);
  const value = "x".repeat(20_000);
  let largest = 0;
  for (let round = 0; round < 60; round++) {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => collection.put({ name: String(n), value: `${value}${round}` })),
    );
    largest = Math.max(largest, (await stat(join(folder, "notes.db"))).size);
  }
  expect(largest).toBeGreaterThan(16 * 1024 * 1024);
  expect((await stat(join(folder, "notes.db"))).size).toBeLessThan(largest);
  await documents.close();
  const again = await open(folder);
  const all = await (await again.collection<Note>(notes)).list();
  expect(all).toHaveLength(20);
  expect(all.every((note) => note.value.endsWith("x59"))).toBe(true);
  await again.close();
});
