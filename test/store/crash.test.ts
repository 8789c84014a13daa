import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openFiles } from "../../registry/store/files.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { openNedb } from "../../registry/store/nedb.ts";
import { bytesOf, digestOf } from "./blobs-suite.ts";
import { temporaryFolder } from "./folder.ts";

/** Runs the writer, kills it without warning after so many blobs, and tells what it had acknowledged. */
async function killedAfter(count: number, folder: string, run: number): Promise<string[]> {
  const writer = fileURLToPath(new URL("./crash-writer.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", writer, folder, String(run)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let seen = 0;
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.startsWith("blob") && ++seen === count) child.kill("SIGKILL");
  }
  return lines;
}

test("everything acknowledged before a kill is there afterwards, and nothing that was removed", async () => {
  const folder = await temporaryFolder();
  const notes = new Set<string>();
  const gone = new Set<string>();
  const blobs = new Map<string, number>();
  const uploads = new Map<string, number>();

  for (const [run, count] of [4, 11, 2].entries()) {
    for (const line of await killedAfter(count, folder, run)) {
      const [what, name = "", size] = line.split(" ");
      if (what === "put") notes.add(name);
      else if (what === "removing") notes.delete(name);
      else if (what === "removed") gone.add(name);
      else if (what === "received") uploads.set(name, Number(size));
      else if (what === "committing") uploads.delete(name);
      else blobs.set(name, Number(size));
    }

    const troubles: string[] = [];
    const documents = await openNedb({
      folder: layoutOf(folder).documents,
      onTrouble: ({ message }) => troubles.push(message),
    });
    const collection = await documents.collection<{ name: string }>({
      name: "notes",
      key: (note) => note.name,
    });
    for (const name of notes) expect(await collection.get(name), name).toBeDefined();
    for (const name of gone) expect(await collection.get(name), name).toBeUndefined();
    expect(troubles).toEqual([]);
    await documents.close();

    const files = await openFiles({ folder });
    for (const [digest, size] of blobs) expect(await files.size(digest)).toBe(size);
    for await (const { digest } of files.list())
      expect(digestOf(await bytesOf(await files.read(digest)))).toBe(digest);
    for (const [id, size] of uploads) {
      const upload = await files.upload(id);
      expect(upload?.size).toBeGreaterThanOrEqual(size);
      await upload?.cancel();
    }
    uploads.clear();
    await files.close();
  }
  expect(notes.size).toBeGreaterThan(5);
  expect(blobs.size).toBeGreaterThan(16);
});
