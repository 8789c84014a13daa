import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { layoutOf } from "../../registry/store/layout.ts";
import { migrate, type Migration } from "../../registry/store/migrations.ts";
import { fastFolder } from "./folder.ts";

const add = (to: number): Migration => ({
  to,
  async run({ documents }) {
    const path = join(documents, "notes.db");
    await writeFile(path, `${await readFile(path, "utf8")} ${to}`);
  },
});

async function oldFolder(version: number) {
  const folder = await fastFolder();
  const layout = layoutOf(folder);
  await mkdir(layout.documents);
  await writeFile(join(layout.documents, "notes.db"), "1");
  await writeFile(layout.version, JSON.stringify({ version }));
  const notes = () => readFile(join(layout.documents, "notes.db"), "utf8");
  return { folder, layout, notes };
}

test("a new folder has this program's version, and nothing runs on it", async () => {
  const folder = join(await fastFolder(), "data");
  await migrate(folder);
  expect(JSON.parse(await readFile(layoutOf(folder).version, "utf8"))).toEqual({ version: 1 });
  const fresh = join(await fastFolder(), "data");
  await migrate(fresh, { migrations: [add(2), add(3)] });
  await migrate(fresh, { migrations: [add(2), add(3)] });
  expect(JSON.parse(await readFile(layoutOf(fresh).version, "utf8"))).toEqual({ version: 3 });
});

test("an older folder is brought forward once, step by step, after its documents were copied", async () => {
  const { folder, layout, notes } = await oldFolder(1);
  const now = () => new Date("2026-01-02T03:04:05.678Z");
  await migrate(folder, { migrations: [add(2), add(3)], now });
  await migrate(folder, { migrations: [add(2), add(3)], now });
  expect(await notes()).toBe("1 2 3");
  await migrate(folder, {
    migrations: [add(2), add(3), add(4)],
    now: () => new Date("2027-01-01T00:00:00Z"),
  });
  expect(await notes()).toBe("1 2 3 4");
  const copies = await readdir(layout.copies);
  expect(copies).toEqual(["version-1-2026-01-02T03-04-05.678Z", "version-3-2027-01-01T00-00-00.000Z"]);
  expect(await readFile(join(layout.copies, copies[0] ?? "", "notes.db"), "utf8")).toBe("1");
});

test("a step that was interrupted runs again at the next start, and those before it do not", async () => {
  const { folder, notes } = await oldFolder(1);
  const failing: Migration = { to: 3, run: () => Promise.reject(new Error("the power went out")) };
  await expect(migrate(folder, { migrations: [add(2), failing] })).rejects.toThrow("the power went out");
  await migrate(folder, { migrations: [add(2), add(3)] });
  expect(await notes()).toBe("1 2 3");
});

test("a folder of a newer program is refused untouched, with what to do about it", async () => {
  const { folder, layout, notes } = await oldFolder(7);
  await expect(migrate(folder)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringMatching(
      /was written by a newer Berth \(data version 7, this one reads 1\).*another folder$/,
    ) as string,
  });
  expect([await notes(), await readdir(folder)]).toEqual(["1", ["documents", "version.json"]]);
  expect(await readFile(layout.version, "utf8")).toBe('{"version":7}');
});
