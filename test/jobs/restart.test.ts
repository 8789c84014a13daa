import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fastFolder } from "../store/folder.ts";
import { Bench, copyOf, openJobs, statusOf, until } from "./open-jobs.ts";

/** Runs jobs in a process of their own, kills it without warning after so many lines, and tells what they were. */
async function killedAfter(count: number, folder: string, run: number): Promise<string[]> {
  const runner = fileURLToPath(new URL("./crash-runner.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", runner, folder, String(run)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (lines.push(line) === count) child.kill("SIGKILL");
  }
  return lines;
}

test("after a kill, jobs that were acknowledged go on from what they kept, and those done are not done again", async () => {
  const folder = await fastFolder();
  const added = new Set<number>();
  const done = new Set<number>();
  const kept = new Map<number, number>();
  let resumed = 0;
  for (const [run, count] of [60, 131, 83].entries()) {
    for (const line of await killedAfter(count, folder, run)) {
      const [what, id, step] = line.split(" ").map((word, at) => (at === 0 ? word : Number(word))) as [
        string,
        number,
        number,
      ];
      if (what === "added") added.add(id);
      else if (what === "done") done.add(id);
      else if (what === "kept") kept.set(id, step);
      else {
        expect(done.has(id), line).toBe(false);
        expect(step, line).toBeGreaterThanOrEqual(kept.get(id) ?? 0);
        if (step > 0) resumed += 1;
      }
    }
  }
  expect(resumed).toBeGreaterThan(0);

  const opened = await openJobs({ folder });
  const ran: number[] = [];
  opened.jobs.define("copy", { atOnce: () => 3, run: async ({ id }) => void ran.push(id) });
  await opened.jobs.start();
  const { jobs: collection } = opened.collections;
  await until(async () => (await collection.count({ status: "success" })) === (await collection.count()));
  for (const id of added) expect((await opened.jobs.find(id))?.status, String(id)).toBe("success");
  for (const id of ran) expect(done.has(id), String(id)).toBe(false);
  expect(await opened.jobs.log(Math.min(...ran))).toContain("INFO done\n");
  expect(added.size).toBeGreaterThan(20);
}, 60_000);

test("at the end of the process what runs goes back to waiting, and is not counted as failed", async () => {
  const folder = await fastFolder();
  const before = await openJobs({ folder });
  const bench = new Bench();
  before.jobs.define("copy", bench.kind());
  await before.jobs.start();
  const { id } = await before.jobs.add(copyOf("app", { most: 1 }));
  const next = await before.jobs.add(copyOf("next", { key: "app" }));
  await until(() => bench.running.has("app"));
  await bench.running.get("app")?.job.keep({ offset: 100 });
  bench.running.get("app")?.job.progress({ done: 100 });
  await before.jobs.close();
  expect(bench.running.size).toBe(0);
  expect(bench.begun).toEqual(["app"]);
  const left = await before.collections.jobs.get(String(id));
  expect(left).toMatchObject({
    status: "pending",
    attempts: 0,
    kept: { offset: 100 },
    progress: { done: 100 },
  });
  await before.close();

  const after = await openJobs({ folder });
  after.jobs.define("copy", bench.kind());
  await after.jobs.start();
  await until(() => bench.running.has("app"));
  expect(bench.running.get("app")?.job).toMatchObject({ attempt: 1, kept: { offset: 100 } });
  await bench.end("app");
  await bench.end("next");
  await statusOf(after, next.id, "success");
  expect(bench.begun).toEqual(["app", "app", "next"]);
});

test("work that does not end when it is told to holds the end of the process up for five seconds, and runs again", async () => {
  const folder = await fastFolder();
  const before = await openJobs({ folder });
  let end: () => void = () => undefined;
  let hasBegun = false;
  before.jobs.define("copy", {
    atOnce: () => 1,
    run: async () => {
      hasBegun = true;
      await new Promise<void>((resolve) => (end = resolve));
    },
  });
  await before.jobs.start();
  const { id } = await before.jobs.add(copyOf("app"));
  await until(() => hasBegun);
  const start = Date.now();
  await before.close();
  expect(Date.now() - start).toBeGreaterThan(4900);
  expect(Date.now() - start).toBeLessThan(7000);
  end();

  const after = await openJobs({ folder });
  after.jobs.define("copy", { atOnce: () => 1, run: () => Promise.resolve() });
  await after.jobs.start();
  await statusOf(after, id, "success");
});

test("a kind that is paused begins nothing and lets go of what runs, over a restart too", async () => {
  const folder = await fastFolder();
  const before = await openJobs({ folder });
  const bench = new Bench();
  before.jobs.define("copy", bench.kind());
  before.jobs.define("remove", bench.kind());
  await before.jobs.start();
  const { id } = await before.jobs.add(copyOf("app"));
  await until(() => bench.running.has("app"));
  await before.jobs.pause("copy", true);
  expect(before.jobs.isPaused("copy")).toBe(true);
  expect(bench.running.size).toBe(0);
  expect(await before.jobs.find(id)).toMatchObject({ status: "pending", attempts: 0 });
  const other = await before.jobs.add(copyOf("other", { kind: "remove" }));
  await bench.end("other");
  await statusOf(before, other.id, "success");
  await before.close();

  const after = await openJobs({ folder });
  after.jobs.define("copy", bench.kind());
  await after.jobs.start();
  expect(after.jobs.isPaused("copy")).toBe(true);
  after.jobs.wake();
  await after.jobs.retry(id);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(bench.begun).toEqual(["app", "other"]);
  await after.jobs.pause("copy", false);
  await bench.end("app");
  expect(await statusOf(after, id, "success")).toMatchObject({ attempts: 1 });
});

test("jobs of a kind that this version does not know are left alone, and can be stopped", async () => {
  const folder = await fastFolder();
  const before = await openJobs({ folder });
  const bench = new Bench();
  before.jobs.define("scan", bench.kind());
  await before.jobs.start();
  const { id } = await before.jobs.add(copyOf("app", { kind: "scan", group: "scans" }));
  await until(() => bench.running.has("app"));
  const { jobs: collection } = before.collections;
  const document = await collection.get(String(id));
  await before.jobs.close();
  if (document) await collection.put(document);
  await before.close();

  const after = await openJobs({ folder });
  after.jobs.define("copy", bench.kind());
  await after.jobs.start();
  expect(await after.jobs.find(id)).toEqual(document);
  await after.jobs.add(copyOf("app"));
  await bench.end("app");
  await after.jobs.stopGroup("scans");
  expect(await after.jobs.find(id)).toMatchObject({ status: "stopped" });
  await expect(after.jobs.retry(id)).rejects.toMatchObject({ code: "PRECONDITION" });
});
