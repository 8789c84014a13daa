import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { startBerth, type Berth } from "../harness.ts";

describe("signing in", () => {
  let berth: Berth;
  beforeEach(async () => {
    berth = await startBerth();
  });
  afterEach(() => berth.close());

  async function browser(): Promise<{ cookie: string; csrf: string }> {
    const signedIn = await berth.fetch("/api/v2.0/session", {
      method: "POST",
      as: null,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ principal: berth.admin.name, password: berth.admin.password }),
    });
    expect(signedIn.status).toBe(200);
    const set = signedIn.headers.get("set-cookie") ?? "";
    expect(set).toMatch(/httponly/i);
    expect(set).toMatch(/samesite=strict/i);
    const cookie = set.split(";")[0] ?? "";
    const current = await berth.fetch("/api/v2.0/users/current", { as: null, headers: { cookie } });
    expect(current.status).toBe(200);
    return { cookie, csrf: current.headers.get("x-harbor-csrf-token") ?? "" };
  }

  const create = (headers: Record<string, string>) =>
    berth.fetch("/api/v2.0/projects", {
      method: "POST",
      as: null,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ project_name: "by-browser" }),
    });

  test("a browser gets a cookie, and changes something only with the proof that its own page sent it", async () => {
    const { cookie, csrf } = await browser();
    const without = await create({ cookie });
    expect(without.status).toBe(403);
    expect(without.headers.get("x-harbor-csrf-token")).toBe(csrf);
    expect((await create({ cookie, "x-harbor-csrf-token": csrf.replace(/^./, "_") })).status).toBe(403);
    expect((await create({ cookie, "x-harbor-csrf-token": csrf })).status).toBe(201);
  });

  test("signing out ends the session for whoever has its cookie", async () => {
    const { cookie, csrf } = await browser();
    const out = await berth.fetch("/api/v2.0/session", {
      method: "DELETE",
      as: null,
      headers: { cookie, "x-harbor-csrf-token": csrf },
    });
    expect(out.status).toBe(200);
    expect((await berth.fetch("/api/v2.0/users/current", { as: null, headers: { cookie } })).status).toBe(
      401,
    );
  });

  test("a session outlives a restart", async () => {
    const { cookie } = await browser();
    await berth.restart();
    expect((await berth.fetch("/api/v2.0/users/current", { as: null, headers: { cookie } })).status).toBe(
      200,
    );
  });

  test("a wrong password is refused everywhere, and so is the one that everybody knows", async () => {
    const paths = [
      "/v2/",
      "/service/token?service=harbor-registry",
      "/api/v2.0/users/current",
      "/api/v2.0/projects",
    ];
    for (const [n, path] of paths.entries()) {
      const password = ["wrong", "Harbor12345", "", "undefined"][n] ?? "";
      expect((await berth.fetch(path, { as: { name: "admin", password } })).status).toBe(401);
    }
  });

  test("Harbor's own sign-in form works", async () => {
    const answer = await berth.fetch("/c/login", {
      method: "POST",
      as: null,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ principal: "admin", password: berth.admin.password }).toString(),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toMatch(/^sid=/);
  });

  test("a changed password ends every other session and every token", async () => {
    const { cookie } = await browser();
    const granted = await berth.fetch("/service/token?service=harbor-registry");
    const { token } = (await granted.json()) as { token: string };
    const bearer = { authorization: `Bearer ${token}` };
    expect((await berth.fetch("/v2/", { as: null, headers: bearer })).status).toBe(200);

    const me = await berth.signIn(berth.admin.name, berth.admin.password);
    const change = { user_id: 1, old_password: berth.admin.password, new_password: "Another-12345" };
    await expect(berth.client(me).users.setPassword({ ...change, old_password: "no" })).rejects.toMatchObject(
      { code: "FORBIDDEN" },
    );
    await berth.client(me).users.setPassword(change);

    expect((await berth.fetch("/api/v2.0/users/current", { as: null, headers: { cookie } })).status).toBe(
      401,
    );
    expect((await berth.fetch("/v2/", { as: null, headers: bearer })).status).toBe(401);
    expect((await berth.fetch("/v2/", { as: { name: "admin", password: "Another-12345" } })).status).toBe(
      200,
    );
    expect((await berth.fetch("/v2/")).status).toBe(401);
  });

  test.each(["short1A", "nodigitsHere", "nouppercase1", "NOLOWERCASE1", `${"x".repeat(127)}A1`])(
    "refuses the new password %j, saying what it lacks",
    async (new_password) => {
      const change = berth
        .client()
        .users.setPassword({ user_id: 1, old_password: berth.admin.password, new_password });
      await expect(change).rejects.toThrow(/password (has|needs)/);
    },
  );
});

describe("the first start", () => {
  test("makes a password that only the owner of the folder can read, until it is changed", async () => {
    const berth = await startBerth({ adminPassword: "generate" });
    const path = join(berth.dataDir, "initial-admin-password");
    const password = (await readFile(path, "utf8")).trim();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const me = await berth.signIn("admin", password);
    await berth
      .client(me)
      .users.setPassword({ user_id: 1, old_password: password, new_password: "Another-12345" });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    await berth.close();
  });

  test("in the window nobody can sign in until the administrator has chosen a password, and that happens once", async () => {
    const berth = await startBerth({ adminPassword: "ask" });
    expect(await berth.registry.firstStart()).toBe(true);
    for (const password of ["Harbor12345", "", "undefined"]) {
      expect((await berth.fetch("/v2/", { as: { name: "admin", password } })).status).toBe(401);
    }
    const window = await berth.registry.caller(undefined, {
      from: "window",
      agent: "",
      keep: () => Promise.resolve(),
    });
    await berth.client(window).system.begin({ password: "Chosen-12345" });
    expect(await berth.registry.firstStart()).toBe(false);
    await expect(berth.client(window).system.begin({ password: "Stolen-12345" })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    expect((await berth.fetch("/v2/", { as: { name: "admin", password: "Chosen-12345" } })).status).toBe(200);
    expect((await berth.fetch("/api/v2.0/system/begin", { method: "POST", as: null })).status).toBe(404);
    await berth.close();
  });
});
