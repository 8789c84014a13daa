import { expect, test } from "vitest";
import { Bench, copyOf, openJobs, statusOf, until } from "./open-jobs.ts";
import { fastFolder } from "../store/folder.ts";

async function start(bench: Bench) {
  const opened = await openJobs();
  opened.jobs.define("copy", bench.kind());
  await opened.jobs.start();
  return opened;
}

test("a job is there after a restart as soon as it was acknowledged", async () => {
  const folder = await fastFolder();
  const before = await openJobs({ folder });
  before.jobs.define("copy", new Bench().kind());
  const { id } = await before.jobs.add(copyOf("app", { group: "execution:1", most: 3 }));
  await before.close();

  const bench = new Bench();
  const opened = await openJobs({ folder });
  opened.jobs.define("copy", bench.kind());
  await opened.jobs.start();
  await bench.end("app");
  expect(await statusOf(opened, id, "success")).toMatchObject({
    id,
    kind: "copy",
    key: "app",
    group: "execution:1",
    about: { name: "app" },
    attempts: 1,
    most: 3,
  });
});

test("as many run at once as their kind allows, asked anew each time", async () => {
  const bench = new Bench();
  const { jobs } = await start(bench);
  for (const name of ["a", "b", "c", "d", "e"]) await jobs.add(copyOf(name));
  await until(() => bench.running.size === 2);
  expect(bench.begun).toEqual(["a", "b"]);

  bench.atOnce = 3;
  await bench.end("a");
  await until(() => bench.running.size === 3);
  expect([...bench.running.keys()]).toEqual(["b", "c", "d"]);
});

test("one kind does not wait for another", async () => {
  const bench = new Bench();
  bench.atOnce = 1;
  const { jobs } = await openJobs();
  jobs.define("copy", bench.kind());
  jobs.define("remove", bench.kind());
  await jobs.start();
  await jobs.add(copyOf("a"));
  await jobs.add(copyOf("b"));
  await jobs.add(copyOf("c", { kind: "remove" }));
  await until(() => bench.begun.length === 2);
  expect(bench.begun).toEqual(["a", "c"]);
});

test("jobs of one key run one after the other as they were added, also of different kinds", async () => {
  const bench = new Bench();
  bench.atOnce = 10;
  const { jobs } = await openJobs();
  jobs.define("copy", bench.kind());
  jobs.define("remove", bench.kind());
  await jobs.start();
  await jobs.add(copyOf("first", { key: "library/app" }));
  await jobs.add(copyOf("second", { key: "library/app", kind: "remove" }));
  await jobs.add(copyOf("third", { key: "library/app" }));
  await jobs.add(copyOf("other"));

  for (const [at, name] of ["first", "second", "third"].entries()) {
    await until(() => bench.running.has(name));
    const ofKey = [...bench.running.keys()].filter((running) => running !== "other");
    expect(ofKey).toEqual([name]);
    expect(bench.begun.filter((begun) => begun !== "other")).toHaveLength(at + 1);
    await bench.end(name);
  }
});

test("a hundred jobs of ten keys keep the order of each key, and no key runs twice at once", async () => {
  const { jobs, collections } = await openJobs();
  const seen = new Map<string, number[]>();
  const busy = new Set<string>();
  jobs.define<{ key: string; n: number }>("copy", {
    atOnce: () => 7,
    async run({ about: { key, n } }) {
      expect(busy.has(key)).toBe(false);
      busy.add(key);
      await new Promise((resolve) => setTimeout(resolve, n % 3));
      seen.set(key, [...(seen.get(key) ?? []), n]);
      busy.delete(key);
    },
  });
  await jobs.start();
  const all = Array.from({ length: 100 }, (_, n) => ({ key: `key ${n % 10}`, n }));
  await Promise.all(all.map((about) => jobs.add({ kind: "copy", key: about.key, about })));
  await until(async () => (await collections.jobs.count({ status: "success" })) === 100);
  for (const [key, order] of seen) {
    expect(order, key).toEqual(all.filter((about) => about.key === key).map(({ n }) => n));
  }
});

test("a job that waits already to do the same is that job, and one that runs is not", async () => {
  const bench = new Bench();
  const { jobs } = await start(bench);
  const about = { name: "app", tags: ["1", "2"], of: { a: 1, b: 2 } };
  const running = await jobs.add({ kind: "copy", key: "app", about, group: "execution:1" });
  await until(() => bench.running.has("app"));

  const waiting = await jobs.add({ kind: "copy", key: "app", about, group: "execution:1" });
  expect(waiting.id).not.toBe(running.id);
  const turned = { of: { b: 2, a: 1 }, tags: ["1", "2"], name: "app", more: undefined };
  const same = await Promise.all(
    [about, turned].map((about) => jobs.add({ kind: "copy", key: "app", about, group: "execution:1" })),
  );
  expect(same.map(({ id }) => id)).toEqual([waiting.id, waiting.id]);

  const others = await Promise.all([
    jobs.add({ kind: "copy", key: "app", about, group: "execution:2" }),
    jobs.add({ kind: "copy", key: "app", about }),
    jobs.add({ kind: "copy", key: "app", about: { ...about, tags: ["2", "1"] }, group: "execution:1" }),
    jobs.add({ kind: "copy", key: "app 2", about, group: "execution:1" }),
  ]);
  expect(new Set([waiting, ...others].map(({ id }) => id)).size).toBe(5);
});

test("what cannot be done or kept is refused, and nothing is added", async () => {
  const { jobs, collections } = await start(new Bench());
  await expect(jobs.add(copyOf("a", { kind: "bake" }))).rejects.toMatchObject({ code: "UNSUPPORTED" });
  await expect(jobs.add(copyOf("a", { about: { at: new Date() } }))).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
  await jobs.close();
  await expect(jobs.add(copyOf("a"))).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
    message: "the registry is stopping",
  });
  expect(await collections.jobs.count()).toBe(0);
});

test("its progress shows at once, is written every second, and stays when it is over", async () => {
  const bench = new Bench();
  const opened = await start(bench);
  const { id } = await opened.jobs.add(copyOf("app"));
  await until(() => bench.running.has("app"));
  const job = bench.running.get("app")?.job;
  for (let n = 1; n <= 1000; n++) job?.progress({ done: n, rate: NaN });
  expect((await opened.jobs.find(id))?.progress).toEqual({ done: 1000 });
  expect((await opened.collections.jobs.get(String(id)))?.progress).toEqual({});
  expect(bench.changes).toHaveLength(1);

  await until(async () => (await opened.collections.jobs.get(String(id)))?.progress.done === 1000);
  expect(bench.changes.map(({ progress }) => progress)).toEqual([{}, { done: 1000 }]);
  job?.progress({ total: 2000 });
  await bench.end("app");
  await statusOf(opened, id, "success");
  await until(() => bench.running.size === 0);
  expect((await opened.collections.jobs.get(String(id)))?.progress).toEqual({ done: 1000, total: 2000 });
});
