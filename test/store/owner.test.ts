import { spawn } from "node:child_process";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { layoutOf } from "../../registry/store/layout.ts";
import { ownFolder } from "../../registry/store/owner.ts";
import { fastFolder } from "./folder.ts";

const refused = (folder: string) => ({
  code: "CONFLICT",
  message: expect.stringContaining(`${folder} is in use by another Berth (process `) as string,
});

test("a folder has one owner at a time, and is free when given back", async () => {
  const folder = await fastFolder();
  const owner = await ownFolder(folder);
  await expect(ownFolder(folder)).rejects.toMatchObject(refused(folder));
  await owner.release();
  await (await ownFolder(folder)).release();
});

test("of many that want a folder at once, one gets it", async () => {
  const folder = await fastFolder();
  for (const left of [
    undefined,
    '{"pid":1',
    JSON.stringify({ pid: 2 ** 22 + 1, start: "", host: "gone", made: 0 }),
  ]) {
    if (left !== undefined) {
      await writeFile(layoutOf(folder).owner, left);
      await utimes(layoutOf(folder).owner, 0, 0);
    }
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => ownFolder(folder)));
    const owners = asked.filter((one) => one.status === "fulfilled");
    expect(owners).toHaveLength(1);
    await owners[0]?.value.release();
  }
});

/** Another process that owns the folder, until it is killed. */
async function ownElsewhere(folder: string): Promise<{ pid: number; kill: () => Promise<void> }> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("./owner-process.ts", import.meta.url)), folder],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await new Promise((done) => child.stdout.once("data", done));
  const ended = new Promise((done) => child.once("exit", done));
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

test("a second process is refused by name, and takes over when the first was killed", async () => {
  const folder = await fastFolder();
  const other = await ownElsewhere(folder);
  const mark = await readFile(layoutOf(folder).owner, "utf8");
  await expect(ownFolder(folder)).rejects.toThrow(`process ${other.pid}`);
  await other.kill();
  const owner = await ownFolder(folder);

  // A process that bears the number of the dead one is not the dead one.
  await owner.release();
  await writeFile(layoutOf(folder).owner, mark.replace(`"pid":${other.pid}`, `"pid":${process.pid}`));
  await (await ownFolder(folder)).release();
});

test("an owner on another machine counts as long as it says that it lives", async () => {
  const folder = await fastFolder();
  const mark = JSON.stringify({ pid: process.pid, start: "1", host: "another machine", made: Date.now() });
  await writeFile(layoutOf(folder).owner, mark);
  await expect(ownFolder(folder)).rejects.toThrow("on another machine");
  const before = new Date(Date.now() - 60_000);
  await utimes(layoutOf(folder).owner, before, before);
  await (await ownFolder(folder)).release();
});
