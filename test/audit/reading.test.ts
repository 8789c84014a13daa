import { appendFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Caller } from "../../registry/access/caller.ts";
import { startBerth, type Berth } from "../harness.ts";
import { addMember, addUser, password } from "../people.ts";
import { lineOf } from "./lines.ts";

type Client = ReturnType<Berth["client"]>;

describe("reading the log", () => {
  let berth: Berth;
  let admin: Client;
  let guest: Caller & { id: number };
  let stranger: Caller & { id: number };
  let acme: number;

  beforeAll(async () => {
    berth = await startBerth();
    admin = berth.client();
    acme = Number((await admin.projects.create({ project_name: "acme" })).id);
    await admin.projects.create({ project_name: "other", public: true });
    guest = await addMember(berth, "acme", "limitedGuest");
    stranger = await addUser(berth, "stranger");
    // Three days of January, as they would have been written.
    const lines = Array.from({ length: 45 }, (_, n) =>
      lineOf({
        op_time: new Date(Date.UTC(2026, 0, 10 + Math.floor(n / 15), 12, n % 15)).toISOString(),
        username: n % 3 === 0 ? "Ann" : "bob",
        operation: n % 2 === 0 ? "pull" : "push",
        resource: `acme/app:${n}`,
        project_id: acme,
      }),
    );
    await mkdir(join(berth.dataDir, "audit"), { recursive: true });
    await writeFile(join(berth.dataDir, "audit", "2026-01.jsonl"), lines.join(""));
  });
  afterAll(() => berth.close());

  const january = { from_time: "2026-01-01", to_time: "2026-01-31" };
  type Query = Partial<Record<string, string>>;
  const get = (query: Query, path = "/auditlog-exts") =>
    berth.fetch(`/api/v2.0${path}?${new URLSearchParams(query as Record<string, string>).toString()}`);
  const totalOf = async (query: Query): Promise<number> =>
    Number((await get({ ...january, ...query })).headers.get("x-total-count"));

  test("shows a project's members its log, whatever their role, and no stranger, public as it may be", async () => {
    const mine = await berth.client(guest).audit.ofProject({ project_name_or_id: "acme", page_size: 100 });
    expect(mine.total).toBeGreaterThan(45);
    expect(new Set(mine.items.map(({ project_id }) => project_id))).toEqual(new Set([acme]));
    for (const project_name_or_id of ["acme", "other"]) {
      const asked = berth.client(stranger).audit.ofProject({ project_name_or_id });
      await expect(asked).rejects.toMatchObject({ code: "FORBIDDEN" });
      const table = berth.client(stranger).audit.export({ project_name_or_id });
      await expect(table).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
  });

  test("shows who is no administrator the logs of their own projects, and nothing else", async () => {
    const { items, total } = await berth.client(guest).audit.list({ page_size: 100 });
    expect(items.every(({ project_id }) => project_id === acme)).toBe(true);
    expect(total).toBe(items.length);
    const table = await berth.client(guest).audit.export({});
    expect(table).not.toContain("login");
    expect(await berth.client(stranger).audit.list({})).toEqual({ items: [], total: 0 });
    const all = await admin.audit.list({ page_size: 100 });
    expect(all.items.some(({ operation }) => operation === "login")).toBe(true);
    await expect(berth.client(guest).audit.events({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await admin.audit.events({})).toContainEqual({ event_type: "pull_artifact" });
  });

  test("pages newest first, with a total and links, by either of Harbor's paths", async () => {
    const second = await get({ ...january, page: "2", page_size: "20" });
    const items = (await second.json()) as { resource: string; id: number }[];
    expect(items.map(({ resource }) => resource)).toEqual(
      Array.from({ length: 20 }, (_, n) => `acme/app:${24 - n}`),
    );
    expect(second.headers.get("x-total-count")).toBe("45");
    expect(second.headers.get("link")).toMatch(/rel="prev" , .*page=3.*rel="next"/);
    for (const path of ["/audit-logs", "/projects/acme/logs", "/projects/acme/auditlog-exts"]) {
      const same = (await (await get({ ...january, page: "2", page_size: "20" }, path)).json()) as unknown;
      expect(same).toEqual(items);
    }
    expect(await (await get({ ...january, page: "9" })).json()).toEqual([]);
    const { items: newest } = await admin.audit.list({ page_size: 100 });
    expect(newest.map(({ id }) => id)).toEqual(newest.map(({ id }) => id).sort((a, b) => b - a));
  });

  test.each([
    [{ username: "ann" }, 15],
    [{ username: "an", operation: "pull" }, 8],
    [{ q: "username=Ann" }, 15],
    [{ q: "username=ann" }, 0],
    [{ q: "username=~AN,operation=push" }, 7],
    [{ q: "operation={pull push}" }, 45],
    [{ q: "op_time=[2026-01-10T12:00:00~2026-01-10T12:04:00]" }, 5],
    [{ q: "operation_result=false" }, 0],
    [{ q: "nothing=1" }, 45],
    [{ resource: "APP:44" }, 1],
    [{ resource: "%" }, 0],
    [{ resource_type: "project" }, 0],
    [{ from_time: "2026-01-12" }, 15],
    [{ to_time: "2026-01-10" }, 15],
    [{ from_time: "2026-01-11T13:00:00+01:00", to_time: "2026-01-11T12:00:00Z" }, 1],
  ])("finds by %j", async (query, total) => {
    expect(await totalOf(query)).toBe(total);
  });

  test.each([{ q: "username" }, { from_time: "yesterday" }, { to_time: "2026-02-31" }, { page_size: "101" }])(
    "refuses %j",
    async (query) => {
      expect([400, 422]).toContain((await get(query)).status);
    },
  );

  test("is a table in CSV that no spreadsheet runs", async () => {
    const name = `x" ,\r\ny`;
    const formulas = ["=1+1", "+1", "-1", "@sum", "\tx"];
    const odd = [name, ...formulas].map((resource, n) =>
      lineOf({ op_time: `2025-03-01T00:00:0${n}.000Z`, resource, username: "eve", operation: "pull" }),
    );
    await writeFile(join(berth.dataDir, "audit", "2025-03.jsonl"), odd.join(""));
    const answer = await get({ to_time: "2025-12-31" }, "/auditlog-exts/export");
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const text = await answer.text();
    const cells = text.split(/\r\n(?=op_time|2025|$)/).map((row) => row.split(",").slice(4).join(","));
    expect(text.split("\r\n")[0]).toMatch(/^op_time,username,operation,resource_type,resource,/);
    expect(cells.slice(1, 6).map((cell) => cell.split(",")[0])).toEqual(
      formulas.reverse().map((formula) => `'${formula}`),
    );
    expect(text).toContain('"x"" ,\r\ny"');
    const part = await get({ ...january, project_name_or_id: String(acme) }, "/auditlog-exts/export");
    expect((await part.text()).split("\r\n")).toHaveLength(47);
  });

  test("keeps each entry whole, whatever a name is made of, through a restart", async () => {
    // What a person may be named, and what is only tried at the door.
    const names = [
      "zeile\u2028ende\u2029\u0085",
      "名前 😀",
      "\ud800",
      "x".repeat(10_000),
      'a"}\n{"b',
      "\\u0000\0",
    ];
    const answers = names.map((name) => {
      const value = Buffer.from(`${name}:Wrong-12345`).toString("base64");
      return berth.fetch("/v2/", { as: null, headers: { authorization: `Basic ${value}` } });
    });
    for (const { status } of await Promise.all(answers)) expect(status).toBe(401);
    await berth.restart();
    admin = berth.client();
    const { items } = await admin.audit.list({ q: "operation=login,operation_result=false", page_size: 100 });
    const expected = names
      .map((name) => Buffer.from(name).toString("utf8"))
      .map((name) => (name.length > 255 ? `${name.slice(0, 254)}…` : name));
    expect(items.map(({ username }) => username).sort()).toEqual(expected.sort());
    expect((await admin.audit.list({ q: "username=~名前" })).total).toBe(1);
    expect((await admin.audit.list({ username: "ZEILE\u2028" })).total).toBe(1);
  });

  test("goes on after a line that a power cut has torn, and keeps all before it", async () => {
    const [newest = ""] = (await readdir(join(berth.dataDir, "audit"))).sort().reverse();
    const path = join(berth.dataDir, "audit", newest);
    const { total } = await admin.audit.list({});
    await berth.registry.stop();
    await appendFile(path, `{"op_time":"2026-01-01T00:00:00.000Z","id":1,"user${"\0".repeat(300_000)}`);
    await berth.restart();
    admin = berth.client();
    // Read before anything is written, and after.
    expect((await admin.audit.list({})).total).toBe(total + 1);
    await admin.projects.create({ project_name: "after" });
    expect((await admin.audit.list({ resource: "after" })).total).toBe(1);
    for (const line of (await readFile(path, "utf8")).trimEnd().split("\n"))
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("does not tell a member more when the project's name is given to another one", async () => {
    await admin.projects.remove({ project_name_or_id: "acme" });
    await admin.projects.create({ project_name: "acme" });
    const again = await admin.audit.ofProject({ project_name_or_id: "acme" });
    expect(again.items.map(({ operation }) => operation)).toEqual(["create"]);
    const as = { name: "limitedguest-of-acme", password };
    expect((await berth.fetch("/api/v2.0/projects/acme/logs", { as })).status).toBe(403);
    expect((await berth.client(guest).audit.list({})).total).toBe(0);
  });
});
