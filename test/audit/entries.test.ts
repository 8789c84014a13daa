import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditEntry } from "../../registry/contract/audit.ts";
import type { Caller } from "../../registry/access/caller.ts";
import { startBerth, type Berth } from "../harness.ts";
import { pushImage } from "../oci/images.ts";
import { addMember, addUser, password } from "../people.ts";

/** Every kind of thing that people do, as the log tells it: who, what, when, from where. */
describe("the log", () => {
  let berth: Berth;
  let admin: ReturnType<Berth["client"]>;
  let guest: Caller & { id: number };
  const guestName = "guest-of-acme";

  beforeAll(async () => {
    berth = await startBerth();
    admin = berth.client();
    await admin.projects.create({ project_name: "acme" });
    guest = await addMember(berth, "acme", "guest");
  });
  afterAll(() => berth.close());

  const newest = async (many = 1): Promise<AuditEntry[]> =>
    (await admin.audit.list({ page_size: many })).items;
  const found = async (q: string): Promise<AuditEntry[]> =>
    (await admin.audit.list({ q, page_size: 100 })).items;
  const by = (username: string, operation: string, resource_type: string, resource: string) => ({
    username,
    operation,
    resource_type,
    resource,
    operation_result: true,
  });
  const userNamed = { name: guestName, password };

  test("has a project, its members and a sign-in, with who, what, when and from where", async () => {
    const before = new Date().toISOString();
    const { id } = await admin.projects.create({ project_name: "fresh", public: true });
    const [entry] = await newest();
    expect(entry).toEqual({
      ...by("admin", "create", "project", "fresh"),
      id: expect.any(Number) as number,
      op_time: expect.any(String) as string,
      operation_description: "public",
      from: "window",
      project_id: Number(id),
    });
    expect(entry && entry.op_time >= before && entry.op_time <= new Date().toISOString()).toBe(true);

    const [member] = await found("resource_type=member");
    expect(member).toMatchObject({
      ...by("admin", "create", "member", `acme/${guestName}`),
      operation_description: "as guest",
    });
    const [login] = await found(`username=${guestName},operation=login`);
    expect(login).toMatchObject({ ...by(guestName, "login", "user", guestName), from: "window" });
  });

  test("has changes and removals by the names that things had", async () => {
    const ann = await addUser(berth, "ann");
    const { id: mid } = await admin.members.create({
      project_name_or_id: "acme",
      role_id: 2,
      member_user: { user_id: ann.id },
    });
    await admin.members.update({ project_name_or_id: "acme", mid: Number(mid), role_id: 4 });
    await admin.members.remove({ project_name_or_id: "acme", mid: Number(mid) });
    await admin.users.setAdmin({ user_id: ann.id, sysadmin_flag: true });
    await admin.users.remove({ user_id: ann.id });
    await admin.projects.update({ project_name_or_id: "fresh", public: false });
    await admin.projects.remove({ project_name_or_id: "fresh" });
    const told = (await newest(7)).reverse().map((entry) => {
      const { operation, resource_type, resource, operation_description } = entry;
      return `${operation} ${resource_type} ${resource} ${operation_description}`.trim();
    });
    expect(told).toEqual([
      "create member acme/ann as developer",
      "update member acme/ann as maintainer",
      "delete member acme/ann",
      "update user ann to administrator",
      "delete user ann",
      "update project fresh private",
      "delete project fresh",
    ]);
  });

  test("has pushes, pulls and deletions by docker's way, and whose address they came from", async () => {
    const { digest } = await pushImage(berth, "acme/app", "1.0");
    expect((await newest())[0]).toMatchObject({
      ...by("admin", "push", "artifact", "acme/app:1.0"),
      from: "127.0.0.1",
    });
    await berth.fetch("/v2/acme/app/manifests/1.0", { method: "HEAD" });
    await berth.fetch("/v2/acme/app/manifests/1.0", { as: userNamed });
    await berth.fetch(`/v2/acme/app/manifests/${digest}`, { as: userNamed });
    const pulls = (await newest(2)).reverse();
    expect(pulls).toMatchObject([
      by(guestName, "pull", "artifact", "acme/app:1.0"),
      by(guestName, "pull", "artifact", `acme/app@${digest}`),
    ]);
    await berth.fetch("/v2/acme/app/manifests/1.0", { method: "DELETE" });
    await berth.fetch(`/v2/acme/app/manifests/${digest}`, { method: "DELETE" });
    expect((await newest(2)).reverse()).toMatchObject([
      by("admin", "delete", "tag", "acme/app:1.0"),
      by("admin", "delete", "artifact", `acme/app@${digest}`),
    ]);
  });

  test("has who was not signed in as anonymous", async () => {
    await pushImage(berth, "library/open", "1");
    expect((await berth.fetch("/v2/library/open/manifests/1", { as: null })).status).toBe(200);
    expect((await newest())[0]).toMatchObject(by("anonymous", "pull", "artifact", "library/open:1"));
  });

  test("has tags, repositories and artifacts that were changed over REST", async () => {
    await pushImage(berth, "acme/tools/a", "1");
    const which = { project_name: "acme", repository_name: "tools/a", reference: "1" };
    await admin.artifacts.addTag({ ...which, name: "2" });
    await admin.artifacts.removeTag({ ...which, tag_name: "2" });
    await admin.repositories.update({ ...which, description: "text" });
    await admin.artifacts.remove(which);
    await admin.repositories.remove(which);
    expect((await newest(5)).map(({ operation, resource }) => `${operation} ${resource}`).reverse()).toEqual([
      "create acme/tools/a:2",
      "delete acme/tools/a:2",
      "update acme/tools/a",
      "delete acme/tools/a:1",
      "delete acme/tools/a",
    ]);
  });

  test("has a robot in full, and the names of changed settings without what they are", async () => {
    const access = [{ resource: "repository", action: "pull" }];
    const permissions = [{ kind: "project" as const, namespace: "acme", access }];
    const { id } = await admin.robots.create({ name: "build", level: "project", permissions });
    await admin.robots.refresh({ robot_id: id });
    await admin.robots.remove({ robot_id: id });
    const robots = (await newest(3)).reverse();
    expect(robots.map(({ operation, resource }) => `${operation} ${resource}`)).toEqual([
      "create robot$acme+build",
      "update robot$acme+build",
      "delete robot$acme+build",
    ]);
    expect(new Set(robots.map(({ project_id }) => project_id)).size).toBe(1);

    const change = { banner_message: "hello", email_username: "", email_password: "Canary-1" };
    await admin.configurations.update(change);
    expect((await newest())[0]).toMatchObject(
      by("admin", "update", "configuration", "banner_message, email_password"),
    );
  });

  test("has what was refused, to somebody who is known, as not done", async () => {
    const client = berth.client(guest);
    await expect(client.projects.remove({ project_name_or_id: "acme" })).rejects.toThrow();
    expect((await newest())[0]).toMatchObject({
      ...by(guestName, "delete", "project", "acme"),
      operation_result: false,
    });
    await expect(client.configurations.update({ banner_message: "x" })).rejects.toThrow();
    expect((await newest())[0]).toMatchObject({
      ...by(guestName, "update", "configuration", "banner_message"),
      operation_result: false,
    });
    const upload = await berth.fetch("/v2/acme/app/blobs/uploads/", { method: "POST", as: userNamed });
    expect(upload.status).toBe(401);
    expect((await newest())[0]).toMatchObject({
      ...by(guestName, "push", "artifact", "acme/app"),
      operation_result: false,
    });
  });

  test("does not take for a refusal that docker asks with a token for something else, or with none", async () => {
    const ask = `/service/token?service=harbor-registry&scope=repository:acme/other:pull`;
    const { token } = (await (await berth.fetch(ask)).json()) as { token: string };
    const before = (await newest())[0]?.id;
    const headers = { authorization: `Bearer ${token}` };
    expect((await berth.fetch("/v2/acme/app/manifests/1", { as: null, headers })).status).toBe(401);
    expect((await berth.fetch("/v2/acme/app/manifests/1", { as: null })).status).toBe(401);
    expect((await newest())[0]?.id).toBe(before);
  });

  test("has signing in and out of a browser, good and bad", async () => {
    const sign = (secret: string) =>
      berth.fetch("/c/login", {
        method: "POST",
        as: null,
        body: new URLSearchParams({ principal: `${guestName}@example.test`, password: secret }),
      });
    expect((await sign("Wrong-12345")).status).toBe(401);
    expect((await newest())[0]).toMatchObject({
      ...by(guestName, "login", "user", guestName),
      operation_result: false,
      from: "127.0.0.1",
    });
    const signed = await sign(password);
    expect(signed.status).toBe(200);
    expect((await newest())[0]).toMatchObject({
      ...by(guestName, "login", "user", guestName),
      from: "127.0.0.1",
    });
    const cookie = signed.headers.get("set-cookie")?.split(";")[0] ?? "";
    const look = await berth.fetch("/api/v2.0/users/current", { as: null, headers: { cookie } });
    const proof = look.headers.get("x-harbor-csrf-token") ?? "";
    const out = { method: "DELETE", as: null, headers: { cookie, "x-harbor-csrf-token": proof } };
    expect((await berth.fetch("/api/v2.0/session", out)).status).toBe(200);
    expect((await newest())[0]).toMatchObject(by(guestName, "logout", "user", guestName));
  });

  test("has docker login once, and guessing once a minute with its number", async () => {
    const ask = (secret: string) =>
      berth.fetch("/service/token?service=harbor-registry&account=x&client_id=docker&offline_token=true", {
        as: { name: guestName, password: secret },
      });
    for (let n = 0; n < 3; n += 1) expect((await ask(password)).status).toBe(200);
    const count = async () => (await found("from=127.0.0.1,operation=login")).length;
    const before = await count();
    const tries = Array.from({ length: 4 }, () => ask("Wrong-12345"));
    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(await count()).toBe(before);
    await berth.restart();
    admin = berth.client();
    const told = await found(`username=${guestName},operation=login`);
    expect(told.map(({ operation_description }) => operation_description)).toEqual(
      expect.arrayContaining(["2 more within a minute", "4 more within a minute"]),
    );
  });
});
