import { randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { JobDocument } from "../../registry/store/collections.ts";
import { temporaryFolder } from "../store/folder.ts";
import { Bench, copyOf, openJobs, statusOf, until } from "./open-jobs.ts";

const finished = (id: number): JobDocument => ({
  id,
  kind: "copy",
  key: `library/app-${id % 500}`,
  group: `execution:${id % 1000}`,
  about: { name: `library/app-${id % 500}`, references: ["1.0", "latest"] },
  status: "success",
  attempts: 1,
  most: 0,
  due: "2026-01-02T03:04:05.678Z",
  progress: { total_bytes: 1000, done_bytes: 1000 },
  kept: {},
  creation_time: "2026-01-02T03:04:05.678Z",
});

test("with a hundred thousand jobs that are over, new ones are as quick as with none", async () => {
  const opened = await openJobs();
  const { jobs, collections } = opened;
  await Promise.all(Array.from({ length: 100_000 }, (_, n) => collections.jobs.insert(finished(1e9 + n))));
  const seen: number[] = [];
  jobs.define("copy", { atOnce: () => 3, run: async ({ id }) => void seen.push(id) });
  const start = Date.now();
  await jobs.start();
  const started = Date.now() - start;

  for (let n = 0; n < 100; n++) await jobs.add(copyOf(`library/app-${n}`));
  await until(() => seen.length === 100);
  const waiting = await jobs.add(copyOf("library/app-1", { group: "execution:1" }));
  await jobs.stopGroup("execution:1");
  const took = Date.now() - start - started;
  expect(["success", "stopped"]).toContain((await jobs.find(waiting.id))?.status);
  expect(started, "milliseconds to start").toBeLessThan(200);
  expect(took / 100, "milliseconds for each").toBeLessThan(50);
});

test("ten thousand jobs that wait, half of them of one key, are added and ended without a stall", async () => {
  const opened = await openJobs();
  const { jobs, collections } = opened;
  const bench = new Bench();
  jobs.define("copy", bench.kind());
  await jobs.start();
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  onTestFinished(() => clearInterval(beat));

  const start = Date.now();
  for (let from = 0; from < 10_000; from += 100) {
    const some = Array.from({ length: 100 }, (_, n) => from + n);
    await Promise.all(
      some.map((n) =>
        jobs.add({ kind: "copy", key: n % 2 === 0 ? "one" : `${n}`, about: { name: `${n}` }, group: "all" }),
      ),
    );
  }
  const added = Date.now() - start;
  await jobs.stopGroup("all");
  expect(await collections.jobs.count({ status: "stopped" })).toBe(10_000);
  expect(bench.begun).toHaveLength(2);
  expect(added, "milliseconds to add").toBeLessThan(10_000);
  expect(longest, "milliseconds of the longest stall").toBeLessThan(1500);
});

test("on a full disk what ran ends when there is room again, and nothing new begins before", async (context) => {
  const folder = await temporaryFolder();
  try {
    const mount = ["-t", "tmpfs", "-o", "size=1m", "berth-test", folder];
    execFileSync("/bin/mount", mount, { stdio: "ignore" });
  } catch {
    return context.skip("only root can make a small disk");
  }
  onTestFinished(() => void execFileSync("/bin/umount", ["-l", folder]));
  const bench = new Bench();
  const opened = await openJobs({ folder });
  opened.jobs.define("copy", bench.kind());
  await opened.jobs.start();
  // Longer than those that fill the disk, so that its end does not fit where they did not.
  const about = { name: "one", pad: "x".repeat(2000) };
  const one = await opened.jobs.add(copyOf("one", { key: "app", about }));
  const two = await opened.jobs.add(copyOf("two", { key: "app" }));
  await until(() => bench.running.has("one"));

  const ballast = join(folder, "ballast");
  await writeFile(ballast, randomBytes(2 ** 20)).catch(() => undefined);
  const fill = async (): Promise<void> => {
    for (let n = 0; ; n++) await opened.jobs.add(copyOf(`more ${n}`, { key: "app" }));
  };
  await expect(fill()).rejects.toMatchObject({ code: "INSUFFICIENT_STORAGE" });
  await bench.end("one");
  await until(() => opened.lines.some(({ message }) => message === "a job's end is not written yet"));
  expect(bench.begun).toEqual(["one"]);
  expect((await opened.collections.jobs.get(String(one.id)))?.status).toBe("running");

  await rm(ballast);
  await statusOf(opened, one.id, "success");
  await bench.end("two");
  await statusOf(opened, two.id, "success");
});
