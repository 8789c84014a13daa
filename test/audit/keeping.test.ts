import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AuditEntry } from "../../registry/contract/audit.ts";
import { createAttempts } from "../../registry/notify/attempts.ts";
import type { Deed } from "../../registry/notify/audit-lines.ts";
import { openAuditLog } from "../../registry/notify/audit-log.ts";
import { filterOf } from "../../registry/notify/audit-filter.ts";
import { startBerth, type Berth } from "../harness.ts";
import { lineOf } from "./lines.ts";

describe("keeping the log", () => {
  let folder: string;
  let berth: Berth | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-audit-"));
  });
  afterEach(async () => {
    await berth?.close();
    berth = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const audit = (): string => join(folder, "audit");
  const read = (month: string): Promise<string> => readFile(join(audit(), `${month}.jsonl`), "utf8");

  test("begins a file each month, and goes on in it after a restart", async () => {
    let now = new Date("2026-01-31T23:59:50.000Z");
    berth = await startBerth({ dataDir: folder, now: () => now });
    const admin = berth.client();
    await admin.projects.create({ project_name: "last" });
    now = new Date("2026-02-01T00:00:00.000Z");
    await admin.projects.create({ project_name: "first" });
    await berth.restart();
    const again = berth.client();
    await again.projects.create({ project_name: "second" });
    // The clock is put back: later entries still come later.
    now = new Date("2026-01-31T23:00:00.000Z");
    await again.projects.create({ project_name: "back" });
    now = new Date("2026-02-01T00:00:01.000Z");
    await again.projects.create({ project_name: "third" });

    const { items } = await again.audit.list({ operation: "create" });
    expect(items.map(({ resource }) => resource)).toEqual(["third", "second", "first", "back", "last"]);
    expect(await readdir(audit())).toEqual(["2026-01.jsonl", "2026-02.jsonl"]);
    const january = (await read("2026-01")).trimEnd().split("\n");
    expect(january.map((line) => (JSON.parse(line) as AuditEntry).resource)).toEqual([
      "admin",
      "last",
      "back",
    ]);
    expect(new Set(items.map(({ id }) => id)).size).toBe(5);
    for (const month of ["2026-01", "2026-02"]) {
      const ids = (await read(month))
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as AuditEntry).id);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
  });

  test("removes what is older than it shall be kept, and no more", async () => {
    await mkdir(audit(), { recursive: true });
    for (const month of ["2025-11", "2025-12", "2026-01"]) {
      const days = Array.from({ length: 28 }, (_, n) => `${month}-${String(n + 1).padStart(2, "0")}`);
      const lines = days.map((day) => lineOf({ op_time: `${day}T12:00:00.000Z` }));
      await writeFile(join(audit(), `${month}.jsonl`), lines.join(""));
    }
    await writeFile(join(audit(), "2025-12.jsonl~"), "left by a crash");
    const log = openAuditLog(
      audit(),
      () => new Date("2026-01-28T12:00:00.000Z"),
      (reason) => {
        throw new Error(reason);
      },
    );
    const total = async () => (await log.page(filterOf({}, undefined), { skip: 0, limit: 1 })).total;
    log.record({
      username: "ann",
      operation: "pull",
      resource_type: "artifact",
      resource: "a/b:1",
      from: "",
    });
    expect(await total()).toBe(85);
    const purged = log.purge("2025-12-10T12:00:00.000Z");
    log.record({
      username: "bob",
      operation: "pull",
      resource_type: "artifact",
      resource: "a/b:1",
      from: "",
    });
    expect(await purged).toBe(true);
    expect(await total()).toBe(19 + 28 + 2);
    expect(await readdir(audit())).toEqual(["2025-12.jsonl", "2026-01.jsonl"]);
    expect((await read("2025-12")).split("\n")[0]).toContain("2025-12-10T12:00:00.000Z");
    // Nothing more to do, and the month that is being written is not spared.
    expect(await log.purge("2025-12-10T12:00:00.000Z")).toBe(false);
    expect(await log.purge("2026-01-28T12:00:00.000Z")).toBe(true);
    expect(await total()).toBe(3);
    log.record({
      username: "eve",
      operation: "pull",
      resource_type: "artifact",
      resource: "a/b:1",
      from: "",
    });
    expect(await total()).toBe(4);
    await log.close();
  });

  test("waits for a disk that does not take it, and then has all", async () => {
    const told: string[] = [];
    // A file where the folder should be.
    await writeFile(audit(), "");
    const log = openAuditLog(
      audit(),
      () => new Date(),
      (reason) => told.push(reason),
    );
    const deed: Deed = {
      username: "ann",
      operation: "pull",
      resource_type: "artifact",
      resource: "a",
      from: "",
    };
    for (let n = 0; n < 3; n += 1) log.record(deed);
    await expect(log.page(filterOf({}, undefined), { skip: 0, limit: 10 })).rejects.toThrow();
    expect(told).toHaveLength(1);
    await rm(audit());
    expect((await log.page(filterOf({}, undefined), { skip: 0, limit: 10 })).total).toBe(3);
    expect(told).toHaveLength(2);
    await log.close();
  });

  test("is not filled by who tries a thousand names, or comes from a thousand addresses", () => {
    const written: Deed[] = [];
    const attempts = createAttempts((deed) => written.push(deed));
    const deed = { operation: "login", resource_type: "user", operation_result: false };
    for (let n = 0; n < 1000; n += 1)
      attempts.note({ ...deed, username: `name-${n}`, resource: `name-${n}`, from: "10.0.0.1" });
    expect(written).toHaveLength(21);
    for (let n = 0; n < 1000; n += 1)
      attempts.note({ ...deed, username: "admin", resource: "admin", from: `10.1.0.${n}` });
    expect(written.length).toBeLessThan(600);
    attempts.close();
    const counts = written.flatMap(({ operation_description: text }) => /^\d+/.exec(text ?? "")?.[0] ?? []);
    const counted = counts.reduce((sum, count) => sum + Number(count), 0);
    expect(counted + written.length - counts.length).toBe(2000);
  });

  test("of 300,000 entries costs no time at the start and little to read", async () => {
    await mkdir(audit(), { recursive: true });
    const start = Date.UTC(2026, 0, 1);
    for (const month of [0, 1]) {
      const lines = Array.from({ length: 150_000 }, (_, n) => {
        const at = month * 31 * 86_400_000 + n * 15_000;
        const resource = `library/app-${n % 100}:1.${n}`;
        return lineOf({
          op_time: new Date(start + at).toISOString(),
          username: `u${n % 500}`,
          resource,
          project_id: 1,
        });
      });
      await writeFile(join(audit(), `2026-0${month + 1}.jsonl`), lines.join(""));
    }
    berth = await startBerth({ dataDir: folder, now: () => new Date("2026-03-01T00:00:00Z") });
    const admin = berth.client();
    await admin.audit.list({ from_time: "2026-03-01" });

    const before = process.memoryUsage().rss;
    const used = process.cpuUsage();
    const first = await admin.audit.list({});
    // Seconds of work, whatever else this machine does meanwhile.
    expect(process.cpuUsage(used).user / 1e6).toBeLessThan(1);
    expect(first.items).toHaveLength(10);
    expect(first.total).toBeGreaterThanOrEqual(200_000);
    const rare = await admin.audit.list({ q: "username=u7", page_size: 100 });
    expect(rare.items).toHaveLength(100);
    expect(rare.total).toBeGreaterThan(100);
    expect((await admin.audit.list({ q: "username=u7", to_time: "2026-01-31" })).total).toBe(300);
    expect((await admin.audit.list({ resource: "app-42:1.149942" })).total).toBe(2);
    const deep = await admin.audit.list({ page: 25_000 });
    expect(deep.items).toHaveLength(10);
    expect(deep.total).toBeGreaterThan(250_000);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
    expect((await admin.audit.export({})).split("\r\n")).toHaveLength(100_002);
  }, 120_000);
});
