import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startBerth } from "../harness.ts";
import { temporaryFolder } from "../store/folder.ts";
import { collectionOf, tokenService, type Collection } from "./collection.ts";

const host = "localhost:5143";

/** Runs the publisher, kills it without warning after so many publishes, and tells what it had acknowledged. */
async function killedAfter(count: number, folder: string, run: number): Promise<string[]> {
  const publisher = fileURLToPath(new URL("./crash-publisher.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", publisher, folder, String(run), host], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    // A moment later, so that it meets every step of the next one.
    if (lines.length === count) setTimeout(() => child.kill("SIGKILL"), run * 3);
  }
  return lines;
}

test("of a hundred publishes none that was acknowledged is lost to kill -9, and all can be read", async () => {
  const folder = await temporaryFolder();
  const versions = new Map<string, { version: number; sha256: string }[]>();
  let acknowledged = 0;

  for (const [run, count] of [3, 17, 25, 31, 24].entries()) {
    for (const line of await killedAfter(count, folder, run)) {
      const [, name = "", version, sha256 = ""] = line.split(" ");
      const told = versions.get(name) ?? [];
      versions.set(name, [...told, { version: Number(version), sha256 }]);
      acknowledged += 1;
    }
    const troubles: string[] = [];
    const berth = await startBerth({
      dataDir: folder,
      log: ({ level, message }) => void (level === "info" || troubles.push(message)),
    });
    for (const [name, told] of versions) {
      const collection = collectionOf(await tokenService(berth, name, host), name);
      const last = told.at(-1)?.version ?? 0;
      for (const { version, sha256 } of told) {
        const { status, text } = await collection.get(`${version}.targets.json`);
        expect(status, `${name} ${version}`).toBe(200);
        if (sha256 !== "-") expect(createHash("sha256").update(text).digest("hex")).toBe(sha256);
      }
      expect(await readableVersion(collection)).toBeGreaterThanOrEqual(last);
      // The keys are there as well: the server signs.
      expect((await collection.publish({})).status).toBe(200);
      expect(await readableVersion(collection)).toBeGreaterThanOrEqual(last);
    }
    expect(troubles).toEqual([]);
    await berth.close();
  }
  expect(acknowledged).toBeGreaterThanOrEqual(100);
});

/** The version of the targets that a client comes to from the timestamp, each step by its digest. */
async function readableVersion({ get }: Collection): Promise<number> {
  async function next(text: string, role: string): Promise<string> {
    const { signed } = JSON.parse(text) as {
      signed: { meta: Record<string, { hashes: { sha256: string } }> };
    };
    const hex = Buffer.from(signed.meta[role]?.hashes.sha256 ?? "", "base64").toString("hex");
    const found = await get(`${role}.${hex}.json`);
    expect(createHash("sha256").update(found.text).digest("hex")).toBe(hex);
    return found.text;
  }
  const snapshot = await next((await get("timestamp.json")).text, "snapshot");
  await next(snapshot, "root");
  const { signed } = JSON.parse(await next(snapshot, "targets")) as { signed: { version: number } };
  return signed.version;
}
