import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { addUser, password } from "../people.ts";

describe("accounts", () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await startBerth();
  });
  afterAll(() => berth.close());

  const post = (path: string, body: unknown, as: { name: string; password: string } | null = null) =>
    berth.fetch(`/api/v2.0${path}`, {
      method: "POST",
      as,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const draft = (username: string) => ({
    username,
    email: `${username}@example.test`,
    realname: username,
    password,
  });

  test("are made by oneself only where the administrator allows that", async () => {
    expect((await post("/users/signup", draft("early"))).status).toBe(403);
    await berth.client().configurations.update({ self_registration: true });
    expect((await (await berth.fetch("/api/v2.0/systeminfo", { as: null })).json()) as object).toMatchObject({
      self_registration: true,
    });
    const made = await post("/users/signup", { ...draft("ann"), sysadmin_flag: true, user_id: 1 });
    expect(made.status).toBe(200);
    expect(made.headers.get("set-cookie")).toMatch(/^sid=/);
    expect(await made.json()).toMatchObject({ username: "ann", sysadmin_flag: false });
  });

  test.each([
    [{ email: "ann@example.test", username: "ann2" }, 409],
    [{ email: "ANN@example.test", username: "ann3" }, 409],
    [{ username: "ann" }, 409],
    [{ email: "no address" }, 400],
    [{ email: "a@x.com, b@evil.com" }, 400],
    [{ email: "a@x.com\r\nBcc: b@evil.com" }, 400],
    [{ email: ["a@x.com", "b@evil.com"] }, 422],
    [{ username: "a,b" }, 400],
    [{ username: "x".repeat(256) }, 422],
    [{ password: "weak" }, 422],
    [{ password: "nodigitshere" }, 400],
    [{ comment: "x".repeat(31) }, 422],
  ])("are refused with %j", async (change, status) => {
    expect((await post("/users/signup", { ...draft("bob"), ...change })).status).toBe(status);
  });

  test("sign in by name and by address", async () => {
    for (const name of ["ann", "ann@example.test", "ANN@EXAMPLE.TEST"]) {
      expect((await berth.fetch("/v2/", { as: { name, password } })).status).toBe(200);
    }
  });

  test("show and change their own profile, and nobody else's", async () => {
    const eve = await addUser(berth, "eve");
    const me = await berth.client(eve).users.current({});
    await berth
      .client(eve)
      .users.update({ user_id: me.user_id, email: "eve2@example.test", realname: "Eve", comment: "hi" });
    expect(await berth.client(eve).users.get({ user_id: me.user_id })).toMatchObject({
      realname: "Eve",
      comment: "hi",
    });
    for (const work of [
      berth.client(eve).users.get({ user_id: 1 }),
      berth.client(eve).users.update({ user_id: 1, email: "x@example.test", realname: "X" }),
      berth.client(eve).users.setPassword({ user_id: 1, new_password: "Another-12345" }),
      berth.client(eve).users.setAdmin({ user_id: me.user_id, sysadmin_flag: true }),
    ]) {
      await expect(work).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    const taken = berth
      .client(eve)
      .users.update({ user_id: me.user_id, email: "ann@example.test", realname: "Eve" });
    await expect(taken).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("are found by a part of the name, and no more is told than the name", async () => {
    const ann = await berth.signIn("ann", password);
    const { items } = await berth.client(ann).users.search({ username: "AN" });
    expect(items).toEqual([{ user_id: expect.any(Number) as number, username: "ann" }]);
    await expect(berth.client(ann).users.search({ username: "" })).rejects.toMatchObject({
      code: "UNPROCESSABLE_ENTITY",
    });
    const foreign = await berth.fetch("/api/v2.0/users/search?email=example.test&username=zzz", {
      as: { name: "ann", password },
    });
    expect(await foreign.json()).toEqual([]);
  });

  test("are listed, raised, lowered and deleted by administrators; the name may then be used again", async () => {
    const dan = await addUser(berth, "dan");
    await berth.client().users.setAdmin({ user_id: dan.id, sysadmin_flag: true });
    const asAdmin = await berth.signIn("dan", password);
    const { items } = await berth.client(asAdmin).users.list({ q: "username=~da" });
    expect(items.map((user) => user.username)).toEqual(["dan"]);
    for (const work of [
      berth.client(asAdmin).users.remove({ user_id: dan.id }),
      berth.client(asAdmin).users.remove({ user_id: 1 }),
      berth.client(asAdmin).users.setAdmin({ user_id: dan.id, sysadmin_flag: false }),
      berth.client(asAdmin).users.setAdmin({ user_id: 1, sysadmin_flag: false }),
    ]) {
      await expect(work).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    await berth.client().users.remove({ user_id: dan.id });
    expect((await berth.fetch("/v2/", { as: { name: "dan", password } })).status).toBe(401);
    const again = await addUser(berth, "dan");
    expect(again.id).toBeGreaterThan(dan.id);
    expect((await berth.client(again).users.current({})).sysadmin_flag).toBe(false);
  });

  test("list where they are signed in, and end one of those without touching another's", async () => {
    const fay = await addUser(berth, "fay");
    const other = await berth.signIn("fay", password);
    const list = await berth.client(fay).session.list({});
    expect(list.items).toHaveLength(2);
    expect(list.items.filter((session) => session.current)).toHaveLength(1);
    const theirs = await berth.client().session.list({});
    await expect(berth.client(fay).session.end({ id: theirs.items[0]?.id ?? "" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await berth.client(fay).session.end({ id: other.session ?? "" });
    expect((await berth.client(fay).session.list({})).total).toBe(1);
  });
});

describe("settings", () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await startBerth();
  });
  afterAll(() => berth.close());

  test("restrict who creates projects, at once", async () => {
    const gus = await addUser(berth, "gus");
    await berth.client(gus).projects.create({ project_name: "first" });
    await berth.client().configurations.update({ project_creation_restriction: "adminonly" });
    const refused = berth.client(gus).projects.create({ project_name: "second" });
    await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
    await berth.client().projects.create({ project_name: "third" });
  });

  test("make the whole registry read-only but for themselves", async () => {
    await berth.client().configurations.update({ read_only: true });
    await expect(berth.client().projects.create({ project_name: "late" })).rejects.toMatchObject({
      code: "DENIED",
    });
    expect((await berth.fetch("/v2/library/x/blobs/uploads/", { method: "POST" })).status).toBe(403);
    expect((await berth.fetch("/api/v2.0/projects")).status).toBe(200);
    await berth.signIn(berth.admin.name, berth.admin.password);
    await berth.client().configurations.update({ read_only: false });
    await berth.client().projects.create({ project_name: "late" });
  });

  test("never show a secret again, outlive a restart, and keep the secret out of the database", async () => {
    const canary = "Canary-0815-secret";
    await berth.client().configurations.update({ email_host: "mail.example.test", email_password: canary });
    await berth.restart();
    const shown = await berth.client().configurations.get({});
    expect(shown.email_password).toEqual({ value: "", editable: true, is_set: true });
    expect(shown.email_host?.value).toBe("mail.example.test");
    expect(JSON.stringify(shown)).not.toContain(canary);
    const { readdir, readFile } = await import("node:fs/promises");
    for (const entry of await readdir(berth.dataDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(`${entry.parentPath}/${entry.name}`);
      expect(bytes.includes(canary), entry.name).toBe(false);
    }
  });

  test("do not send a kept password to another server", async () => {
    const moved = berth.client().configurations.update({ email_host: "evil.example" });
    await expect(moved).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await berth.client().configurations.update({ email_host: "other.example.test", email_password: "New-1" });
  });

  test("keep the mode while there are users besides admin, and say why", async () => {
    const shown = await berth.client().configurations.get({});
    expect(shown.auth_mode).toMatchObject({
      editable: false,
      reason: expect.stringContaining("besides admin") as string,
    });
    const change = berth
      .client()
      .configurations.update({ auth_mode: "ldap_auth", ldap_url: "ldap://127.0.0.1" });
    await expect(change).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  test("are for administrators alone, and are checked", async () => {
    const hal = await addUser(berth, "hal");
    await expect(berth.client(hal).configurations.get({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const wrong of [
      { session_timeout: 0 },
      { email_port: 70_000 },
      { ext_endpoint: "javascript:alert(1)" },
    ]) {
      await expect(berth.client().configurations.update(wrong)).rejects.toThrow(/:/);
    }
  });
});
