import { expect, test } from "vitest";
import { Fault } from "../../registry/contract/fault.ts";
import { Bench, copyOf, openJobs, statusOf, until } from "./open-jobs.ts";

async function start(bench: Bench, deadline?: number) {
  const opened = await openJobs();
  opened.jobs.define("copy", bench.kind(deadline === undefined ? {} : { deadline }));
  await opened.jobs.start();
  return opened;
}

test("a fault ends a job with its sentence, and it is not tried again", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  const { id } = await opened.jobs.add(copyOf("app"));
  await bench.end("app", new Fault("DENIED", "the other side lets nobody write to library"));
  const job = await statusOf(opened, id, "error");
  expect(job).toMatchObject({ attempts: 1, reason: "the other side lets nobody write to library" });
  expect(job.end_time).toBeDefined();
  expect(bench.changes.map(({ status }) => status)).toEqual(["running", "error"]);
  expect(await opened.jobs.log(id)).toMatch(/ERROR the other side lets nobody write to library\n$/);
});

test("a mistake of ours is an internal error to people, with its stack in the registry's log", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  const { id } = await opened.jobs.add(copyOf("app"));
  await bench.end("app", new TypeError("secret is not a function"));
  expect(await statusOf(opened, id, "error")).toMatchObject({ reason: "internal error" });
  expect(await opened.jobs.log(id)).not.toContain("secret");
  const [line] = opened.lines.filter(({ level }) => level === "error");
  expect(line).toMatchObject({ job: id, kind: "copy" });
  expect(line?.stack).toContain("secret is not a function");
});

test("who listens for changes and fails does no harm", async () => {
  const opened = await openJobs();
  opened.jobs.define("copy", {
    atOnce: () => 1,
    run: () => Promise.resolve(),
    changed: () => {
      throw new Error("no");
    },
  });
  await opened.jobs.start();
  const { id } = await opened.jobs.add(copyOf("app"));
  await statusOf(opened, id, "success");
  expect(opened.lines.some(({ message }) => message === "a job's change was not taken")).toBe(true);
});

test("stopping one that waits ends it at once; the next of its key goes on", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  await opened.jobs.add(copyOf("first", { key: "app" }));
  const second = await opened.jobs.add(copyOf("second", { key: "app" }));
  const third = await opened.jobs.add(copyOf("third", { key: "app" }));
  await opened.jobs.stop(second.id);
  expect(await opened.jobs.find(second.id)).toMatchObject({ status: "stopped", attempts: 0 });
  await bench.end("first");
  await bench.end("third");
  await statusOf(opened, third.id, "success");
  expect(bench.begun).toEqual(["first", "third"]);
});

test("stopping one that runs tells its signal, and resolves when its work has ended", async () => {
  const opened = await openJobs();
  let hasBegun = false;
  let hasEnded = false;
  let told: unknown;
  opened.jobs.define("copy", {
    atOnce: () => 1,
    async run({ signal }) {
      hasBegun = true;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      told = signal.reason;
      await new Promise((resolve) => setTimeout(resolve, 50));
      hasEnded = true;
    },
  });
  await opened.jobs.start();
  const { id } = await opened.jobs.add(copyOf("app"));
  await until(() => hasBegun);
  await opened.jobs.stop(id);
  expect(hasEnded).toBe(true);
  expect(told).toMatchObject({ message: "the job was stopped" });
  expect(await opened.collections.jobs.get(String(id))).toMatchObject({ status: "stopped" });
  await opened.jobs.stop(id);
  await expect(opened.jobs.stop(12_345)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("stopping a group ends what runs and what waits of it, and nothing else", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  const mine = await Promise.all(
    ["a", "b", "c", "d"].map((name) => opened.jobs.add(copyOf(name, { group: "execution:1" }))),
  );
  const other = await opened.jobs.add(copyOf("other", { group: "execution:2" }));
  await until(() => bench.running.size === 2);
  await opened.jobs.stopGroup("execution:1");
  for (const { id } of mine) expect((await opened.jobs.find(id))?.status).toBe("stopped");
  await bench.end("other");
  await statusOf(opened, other.id, "success");
  expect(bench.begun).toEqual(["a", "b", "other"]);
});

test("one that failed or was stopped runs again when asked, with what it kept", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  const { id } = await opened.jobs.add(copyOf("app"));
  await until(() => bench.running.has("app"));
  await expect(opened.jobs.retry(id)).rejects.toMatchObject({ code: "PRECONDITION" });
  const keep = async (n: number) => bench.running.get("app")?.job.keep({ [`upload ${n}`]: n });
  await Promise.all([1, 2, 3].map(keep));
  await bench.end("app", new Fault("DENIED", "no"));
  await statusOf(opened, id, "error");

  await opened.jobs.retry(id);
  await until(() => bench.running.has("app"));
  expect(bench.running.get("app")?.job.kept).toEqual({ "upload 1": 1, "upload 2": 2, "upload 3": 3 });
  await bench.running.get("app")?.job.keep({ "upload 1": undefined });
  expect((await opened.jobs.find(id))?.reason).toBeUndefined();
  await opened.jobs.stop(id);
  await opened.jobs.retry(id);
  await until(() => bench.running.has("app"));
  expect(bench.running.get("app")?.job.kept).toEqual({ "upload 2": 2, "upload 3": 3 });
  await bench.end("app");
  expect(await statusOf(opened, id, "success")).toMatchObject({ attempts: 1, kept: {} });
  await expect(opened.jobs.retry(id)).rejects.toMatchObject({ code: "PRECONDITION" });
  await expect(opened.jobs.retry(12_345)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("one that is over can be removed with its log, and no other", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  const { id } = await opened.jobs.add(copyOf("app"));
  await until(() => bench.running.has("app"));
  await expect(opened.jobs.remove(id)).rejects.toMatchObject({ code: "PRECONDITION" });
  await bench.end("app");
  await statusOf(opened, id, "success");
  expect(await opened.jobs.log(id)).toContain("INFO done");
  await opened.jobs.remove(id);
  expect(await opened.jobs.find(id)).toBeUndefined();
  expect(await opened.jobs.log(id)).toBe("");
  await expect(opened.jobs.remove(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("an attempt that takes too long is told to end, and tried again", async () => {
  const bench = new Bench();
  const opened = await start(bench, 120);
  const { id } = await opened.jobs.add(copyOf("app"));
  const job = await statusOf(opened, id, "running");
  const waiting = await statusOf(opened, id, "pending");
  expect(waiting).toMatchObject({ attempts: 1, reason: "it took longer than 0 seconds" });
  expect(Date.parse(waiting.due)).toBeGreaterThan(Date.parse(job.start_time ?? "") + 29_000);

  const once = await opened.jobs.add(copyOf("once", { most: 1 }));
  expect(await statusOf(opened, once.id, "error")).toMatchObject({ attempts: 1 });
});
