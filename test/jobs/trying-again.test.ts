import { expect, test } from "vitest";
import { Again } from "../../registry/jobs/job.ts";
import { Bench, Clock, copyOf, openJobs, statusOf, until } from "./open-jobs.ts";

async function start(bench = new Bench(), clock = new Clock()) {
  const opened = await openJobs({ now: clock.now });
  opened.jobs.define("copy", bench.kind());
  await opened.jobs.start();
  return { ...opened, bench, clock };
}
const minute = 60_000;

/** Longer than the clock is looked at. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

test("what may pass is tried again after half a minute, then after longer, up to five minutes, without end", async () => {
  const opened = await start();
  const { bench, clock, jobs } = opened;
  const { id } = await jobs.add(copyOf("app"));
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 8; attempt++) {
    await bench.end("app", new Again("the network is away"));
    const job = await statusOf(opened, id, "pending");
    expect(job).toMatchObject({ attempts: attempt, reason: "the network is away" });
    const wait = Date.parse(job.due) - clock.time;
    waits.push(wait / 1000);
    clock.forward(wait - 1);
    if (attempt < 3) await aMoment();
    expect(bench.begun).toHaveLength(attempt);
    clock.forward(1);
  }
  expect(waits).toEqual([30, 60, 120, 240, 300, 300, 300, 300]);
  await bench.end("app");
  const job = await statusOf(opened, id, "success");
  expect(job).toMatchObject({ attempts: 9 });
  expect(job.reason).toBeUndefined();
  expect(await jobs.log(id)).toContain(
    "WARN the network is away; it is tried again at 2026-01-02T03:04:35.678Z\n",
  );
});

test("jobs that failed together come back at different times", async () => {
  const clock = new Clock();
  const dice = [0, 0.999, 0.25];
  const opened = await openJobs({ now: clock.now, random: () => dice.shift() ?? 0.5 });
  const bench = new Bench();
  bench.atOnce = 3;
  opened.jobs.define("copy", bench.kind());
  await opened.jobs.start();
  const dues: number[] = [];
  for (const name of ["a", "b", "c"]) {
    const { id } = await opened.jobs.add(copyOf(name));
    await bench.end(name, new Again("the network is away"));
    dues.push(Date.parse((await statusOf(opened, id, "pending")).due) - clock.time);
  }
  expect(dues).toEqual([26_250, 33_743, 28_125]);
});

test("as long as the other side asks to wait is waited, but no more than an hour, and never nothing", async () => {
  const opened = await start();
  const { bench, clock, jobs } = opened;
  const { id } = await jobs.add(copyOf("app"));
  const waitAfter = async (after: number): Promise<number> => {
    await bench.end("app", new Again("too many requests", { after }));
    const job = await statusOf(opened, id, "pending");
    const wait = Date.parse(job.due) - clock.time;
    clock.forward(wait);
    return wait / minute;
  };
  const twoMinutes = await waitAfter(2 * minute);
  expect(twoMinutes).toBeGreaterThanOrEqual(2);
  expect(twoMinutes).toBeLessThan(2.3);
  const aYear = await waitAfter(365 * 24 * 60 * minute);
  expect(aYear).toBeGreaterThanOrEqual(60);
  expect(aYear).toBeLessThan(67);
  expect(await waitAfter(0)).toBeGreaterThan(0.1);
  expect(await waitAfter(-5)).toBeGreaterThan(0.1);
  expect(await waitAfter(NaN)).toBe(5);
});

test("a limit of attempts ends it with the last reason", async () => {
  const opened = await start();
  const { bench, clock, jobs } = opened;
  const { id } = await jobs.add(copyOf("app", { most: 2 }));
  await bench.end("app", new Again("the network is away"));
  await statusOf(opened, id, "pending");
  clock.forward(minute);
  await bench.end("app", new Again("no answer from registry.example"));
  expect(await statusOf(opened, id, "error")).toMatchObject({
    attempts: 2,
    reason: "no answer from registry.example",
  });
  await jobs.retry(id);
  await bench.end("app", new Again("no answer from registry.example"));
  expect(await statusOf(opened, id, "pending")).toMatchObject({ attempts: 1 });
});

test("the next of its key waits with it, and others go on", async () => {
  const opened = await start();
  const { bench, clock, jobs } = opened;
  const first = await jobs.add(copyOf("first", { key: "app" }));
  await jobs.add(copyOf("second", { key: "app" }));
  await bench.end("first", new Again("the network is away"));
  await statusOf(opened, first.id, "pending");
  await jobs.add(copyOf("other"));
  await bench.end("other");
  await aMoment();
  expect(bench.begun).toEqual(["first", "other"]);
  clock.forward(minute);
  await bench.end("first");
  await bench.end("second");
  expect(bench.begun).toEqual(["first", "other", "first", "second"]);
});

test("what is awaited makes those due that wait for it, and only those", async () => {
  const opened = await start();
  const { bench, jobs } = opened;
  bench.atOnce = 3;
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => jobs.add(copyOf(name))));
  await bench.end("a", new Again("no answer", { awaits: "registry:3" }));
  await bench.end("b", new Again("no answer", { awaits: "registry:4" }));
  await bench.end("c", new Again("too many requests"));
  for (const job of [a, b, c]) await statusOf(opened, job?.id ?? 0, "pending");
  expect(await jobs.awaited()).toEqual(["registry:3", "registry:4"]);

  jobs.wake("registry:3");
  await until(() => bench.running.has("a"));
  await aMoment();
  expect([...bench.running.keys()]).toEqual(["a"]);
  expect(await jobs.awaited()).toEqual(["registry:4"]);

  jobs.wake();
  await until(() => bench.running.size === 3);
  expect(await jobs.awaited()).toEqual([]);
});

test("one that waits to be tried again runs at once when a person asks", async () => {
  const opened = await start();
  const { bench, jobs } = opened;
  const { id } = await jobs.add(copyOf("app"));
  await bench.end("app", new Again("no answer", { awaits: "registry:3" }));
  await statusOf(opened, id, "pending");
  await jobs.retry(id);
  await until(() => bench.running.has("app"));
  expect((await jobs.find(id))?.attempts).toBe(2);
});

test("after eight hours of sleep everything due runs, once", async () => {
  const opened = await start();
  const { bench, clock, jobs } = opened;
  const { id } = await jobs.add(copyOf("app"));
  await bench.end("app", new Again("no answer"));
  await statusOf(opened, id, "pending");
  clock.forward(8 * 60 * minute);
  await bench.end("app");
  await statusOf(opened, id, "success");
  await aMoment();
  expect(bench.begun).toEqual(["app", "app"]);
});

test("a clock that is put back by years does not make a job wait for years", async () => {
  const opened = await start();
  const { bench, clock, jobs } = opened;
  const { id } = await jobs.add(copyOf("app"));
  await bench.end("app", new Again("no answer"));
  await statusOf(opened, id, "pending");
  clock.forward(-3 * 365 * 24 * 60 * minute);
  await bench.end("app");
  await statusOf(opened, id, "success");
});
