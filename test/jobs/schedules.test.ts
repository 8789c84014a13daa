import { expect, test } from "vitest";
import { fastFolder } from "../store/folder.ts";
import { Clock, openJobs, until } from "./open-jobs.ts";

const hour = 60 * 60_000;
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

async function scheduled(options: { folder?: string; clock?: Clock; cron?: string } = {}) {
  const { folder = await fastFolder(), clock = new Clock(), cron = "0 0 2 * * *" } = options;
  const opened = await openJobs({ folder, now: clock.now });
  const ran: string[] = [];
  await opened.jobs.schedule("rule 1", cron, async () => void ran.push(clock.now().toISOString()));
  await opened.jobs.start();
  return { ...opened, folder, clock, ran };
}

test("a schedule runs at its times, in UTC", async () => {
  const { jobs, clock, ran } = await scheduled();
  expect(jobs.next("rule 1")?.toISOString()).toBe("2026-01-03T02:00:00.000Z");
  await aMoment();
  expect(ran).toEqual([]);
  clock.time = Date.parse("2026-01-03T02:00:00.000Z");
  await until(() => ran.length === 1);
  await aMoment();
  expect(jobs.next("rule 1")?.toISOString()).toBe("2026-01-04T02:00:00.000Z");
  clock.forward(24 * hour);
  await until(() => ran.length === 2);
  expect(ran).toEqual(["2026-01-03T02:00:00.000Z", "2026-01-04T02:00:00.000Z"]);
});

test("of the times that passed while the registry was off, one is made up for", async () => {
  const { close, clock, folder } = await scheduled();
  await close();
  clock.forward(10 * 24 * hour);
  const again = await scheduled({ folder, clock });
  await until(() => again.ran.length === 1);
  await aMoment();
  expect(again.ran).toHaveLength(1);
  await again.close();

  const third = await scheduled({ folder, clock });
  await aMoment();
  expect(third.ran).toEqual([]);
});

test("one whose work was cut short by the end of the process is done again", async () => {
  const folder = await fastFolder();
  const clock = new Clock();
  const opened = await openJobs({ folder, now: clock.now });
  let begun = 0;
  await opened.jobs.schedule("rule 1", "0 0 2 * * *", async () => {
    begun += 1;
    await until(() => false).catch(() => undefined);
  });
  await opened.jobs.start();
  clock.forward(24 * hour);
  await until(() => begun === 1);
  await opened.close();

  const again = await scheduled({ folder, clock });
  await until(() => again.ran.length === 1);
}, 30_000);

test("a schedule that is changed has missed nothing, and one that is removed never comes", async () => {
  const { close, clock, folder } = await scheduled();
  await close();
  clock.forward(10 * 24 * hour);
  const again = await scheduled({ folder, clock, cron: "0 30 4 ? * MON" });
  expect(again.jobs.next("rule 1")?.toISOString()).toBe("2026-01-12T04:30:00.000Z");
  await aMoment();
  expect(again.ran).toEqual([]);
  await again.jobs.unschedule("rule 1");
  expect(again.jobs.next("rule 1")).toBeUndefined();
  clock.forward(30 * 24 * hour);
  await aMoment();
  expect(again.ran).toEqual([]);
  expect(await again.collections.schedules.count()).toBe(0);
});

test("work that fails is in the registry's log, and comes again at its next time", async () => {
  const clock = new Clock();
  const { jobs, lines } = await openJobs({ now: clock.now });
  let begun = 0;
  await jobs.schedule("rule 1", "0 */10 * * * *", async () => {
    begun += 1;
    throw new Error("no such rule");
  });
  await jobs.start();
  for (const time of [1, 2]) {
    clock.forward(hour / 6);
    await until(() => begun === time);
    await aMoment();
    expect(begun).toBe(time);
  }
  expect(lines.filter(({ message }) => message === "scheduled work failed")).toHaveLength(2);
});

test("a pattern that cannot be read, or never comes, is refused with its text", async () => {
  const { jobs } = await openJobs();
  for (const pattern of ["", "every day", "* * *", "0 0 25 * * *", "0 0 0 30 2 *"]) {
    await expect(
      jobs.schedule("rule 1", pattern, () => Promise.resolve()),
      pattern,
    ).rejects.toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringContaining(pattern) as string,
    });
  }
  expect(jobs.next("rule 1")).toBeUndefined();
});

test("a clock that was years ahead does not stop a schedule", async () => {
  const { close, clock, folder, ran } = await scheduled();
  clock.forward(10 * 365 * 24 * hour);
  await until(() => ran.length === 1);
  await close();
  clock.time = Date.parse("2026-01-02T03:04:05.678Z");
  const again = await scheduled({ folder, clock });
  await aMoment();
  expect(again.ran).toEqual([]);
  clock.forward(24 * hour);
  await until(() => again.ran.length === 1);
});
