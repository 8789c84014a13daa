import { appendFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Running } from "../../registry/jobs/job.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { fastFolder } from "../store/folder.ts";
import { Bench, Clock, copyOf, openJobs, statusOf, until, type About } from "./open-jobs.ts";

async function running(now?: () => Date) {
  const folder = await fastFolder();
  const bench = new Bench();
  const opened = await openJobs({ folder, ...(now ? { now } : {}) });
  opened.jobs.define("copy", bench.kind());
  await opened.jobs.start();
  const { id } = await opened.jobs.add(copyOf("app"));
  await until(() => bench.running.has("app"));
  const job = bench.running.get("app")?.job as Running<About>;
  return { ...opened, opened, bench, id, job, path: join(layoutOf(folder).jobs, `${id}.log`) };
}

test("a log has a line with time and level for each thing, and can be followed while the job runs", async () => {
  const { jobs, job, id, bench, opened } = await running(new Clock().now);
  job.log("info", "copying library/app:1.0");
  job.log("warn", "größer als gedacht");
  const first = await jobs.log(id);
  expect(first).toBe(
    [
      "2026-01-02T03:04:05.678Z INFO attempt 1 begins\n",
      "2026-01-02T03:04:05.678Z INFO copying library/app:1.0\n",
      "2026-01-02T03:04:05.678Z WARN größer als gedacht\n",
    ].join(""),
  );
  const at = Buffer.byteLength(first);
  expect(await jobs.log(id, at)).toBe("");
  job.log("error", "no");
  expect(await jobs.log(id, at)).toBe("2026-01-02T03:04:05.678Z ERROR no\n");
  await bench.end("app");
  await statusOf(opened, id, "success");
  await until(async () => (await jobs.log(id)).endsWith("INFO done\n"));
  expect(await jobs.log(id, 1e9)).toBe("");
  expect(await jobs.log(id, -1)).toContain("attempt 1");
  expect(await jobs.log(12_345)).toBe("");
});

test("what a peer says stays on its line, and is cut when it is too long", async () => {
  const { jobs, job, id } = await running(new Clock().now);
  job.log("info", "it said: no\n2026-01-02T03:04:05.678Z INFO done\r\n\u001b[31m\u2028\u202eend");
  job.log("info", "x".repeat(1_000_000));
  const lines = (await jobs.log(id)).trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[1]).toBe(
    "2026-01-02T03:04:05.678Z INFO it said: no 2026-01-02T03:04:05.678Z INFO done [31m end",
  );
  expect(lines[2]?.length).toBeLessThan(5000);
});

test("a log does not grow beyond four mebibytes: its beginning and its end stay, and a line says what is missing", async () => {
  const { jobs, job, id, path } = await running();
  let largest = 0;
  for (let n = 0; n < 100_000; n++) {
    job.log("info", `line ${n} ${"x".repeat(80)}`);
    if (n % 5000 === 0) await jobs.log(id);
    if (n % 5000 === 0) largest = Math.max(largest, (await stat(path)).size);
  }
  await jobs.log(id);
  expect(largest).toBeGreaterThan(2 * 2 ** 20);
  expect(largest).toBeLessThanOrEqual(4 * 2 ** 20);

  let text = "";
  for (let part = "-"; part !== ""; text += part) part = await jobs.log(id, Buffer.byteLength(text));
  expect(text).toBe(await readFile(path, "utf8"));
  const lines = text.trimEnd().split("\n");
  expect(lines[0]).toContain("attempt 1 begins");
  expect(lines[1]).toContain("line 0 ");
  expect(lines.at(-1)).toContain("line 99999 ");
  expect(lines.some((line) => /WARN \d+ bytes of lines were left out here/.test(line))).toBe(true);
  expect(lines.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z (INFO|WARN) /.test(line))).toBe(true);
});

test("lines that come faster than any disk are left out, and a line says how many", async () => {
  const { jobs, job, id } = await running();
  for (let n = 0; n < 50_000; n++) job.log("info", `line ${n} ${"x".repeat(80)}`);
  let text = "";
  for (let part = "-"; part !== ""; text += part) part = await jobs.log(id, Buffer.byteLength(text));
  expect(text.length).toBeLessThan(2 ** 21);
  expect(text).toMatch(/WARN \d+ lines were left out here: they came too fast\n$/);
});

test("a line that a killed process has left half written stands alone", async () => {
  const { jobs, job, id, bench, opened, path } = await running();
  job.log("info", "whole");
  await jobs.stop(id);
  await appendFile(path, "2026-01-02T03:04:05.678Z INFO ha");
  expect(await jobs.log(id)).toMatch(/INFO stopped\n$/);
  await jobs.retry(id);
  await bench.end("app");
  await statusOf(opened, id, "success");
  await until(async () => (await jobs.log(id)).endsWith("INFO done\n"));
  expect(await jobs.log(id)).toMatch(/ INFO ha\n\S+ INFO attempt 1 begins\n/);
});
