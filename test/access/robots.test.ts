import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { pushImage } from "../oci/images.ts";
import { addMember, addUser } from "../people.ts";
import { access, addProjectRobot, addSystemRobot, rest, tokenOf } from "../robots.ts";

const day = 24 * 60 * 60 * 1000;

describe("a robot", () => {
  let berth: Berth;
  let time = Date.now();

  beforeAll(async () => {
    berth = await startBerth({ now: () => new Date((time += 1)) });
    for (const project_name of ["ship", "dock"]) await berth.client().projects.create({ project_name });
  });
  afterAll(() => berth.close());

  const statusOf = async (path: string, as: { name: string; password: string }) =>
    (await berth.fetch(path, { as })).status;
  const withToken = async (token: string, path: string, method = "GET") =>
    (await berth.fetch(path, { method, as: null, headers: { authorization: `Bearer ${token}` } })).status;

  test("signs in as docker does, pushes and pulls without anybody's password", async () => {
    const robot = await addProjectRobot(berth, "ship", ["repository:pull", "repository:push"]);
    expect(robot.name).toBe("robot$ship+build");
    expect(await statusOf("/v2/", robot)).toBe(200);
    expect(await statusOf("/service/token?service=harbor-registry&account=robot", robot)).toBe(200);
    const image = await pushImage(berth, "ship/app", "v1", "by a robot", {}, robot);
    expect(await statusOf(`/v2/ship/app/manifests/${image.digest}`, robot)).toBe(200);
    const token = await tokenOf(berth, robot, "repository:ship/app:pull,push");
    expect(await withToken(token, "/v2/")).toBe(200);
    expect(await withToken(token, "/v2/ship/app/manifests/v1")).toBe(200);
    expect(await withToken(token, "/v2/ship/app/blobs/uploads/", "POST")).toBe(202);
    expect(await withToken(token, `/v2/ship/app/manifests/${image.digest}`, "DELETE")).toBe(401);
  });

  test("is made with 201 and a secret that no later answer, and no file, holds", async () => {
    const made = await rest(berth, undefined, "POST", "/robots", {
      name: "once",
      level: "project",
      secret: "Wished-for-12345",
      permissions: [{ kind: "project", namespace: "ship", access: access("repository:pull") }],
    });
    expect(made.status).toBe(201);
    const { id, secret } = (await made.json()) as { id: number; secret: string };
    expect(made.headers.get("location")).toBe(`/api/v2.0/robots/${id}`);
    expect(secret).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]{32}$/);
    const { project_id } = await berth.client().projects.get({ project_name_or_id: "ship" });
    const digest = /[0-9a-f]{64}|scrypt/;
    for (const path of [`/robots/${id}`, `/robots?q=Level=project,ProjectID=${project_id}`]) {
      const text = await (await rest(berth, undefined, "GET", path)).text();
      expect(text).toContain("robot$ship+once");
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(digest);
    }
    const written = await readFile(join(berth.dataDir, "documents", "robots.db"), "utf8");
    expect(written).toContain("robot$ship+once");
    expect(written).not.toContain(secret);
  });

  test("lives as long as the settings say, or as it was told; then it is over", async () => {
    const { robots, configurations } = berth.client();
    const asked = {
      level: "project" as const,
      permissions: [{ kind: "project" as const, namespace: "ship", access: access("repository:pull") }],
    };
    await configurations.update({ robot_token_duration: 7 });
    const usual = await robots.create({ ...asked, name: "week" });
    expect(usual.expires_at - Math.floor(Date.parse(usual.creation_time) / 1000)).toBe(7 * 24 * 60 * 60);
    const short = await robots.create({ ...asked, name: "short", duration: 1 });
    const ever = await robots.create({ ...asked, name: "ever", duration: -1 });
    expect(ever.expires_at).toBe(-1);
    const as = { id: short.id, name: short.name, password: short.secret };
    const token = await tokenOf(berth, as, "repository:ship/app:pull");
    expect(await statusOf("/v2/", as)).toBe(200);
    time += day + 5000;
    expect(await statusOf("/v2/", as)).toBe(401);
    expect(await statusOf("/service/token?service=harbor-registry", as)).toBe(401);
    expect(await withToken(token, "/v2/ship/app/tags/list")).toBe(401);
    expect(await statusOf("/v2/", { name: ever.name, password: ever.secret })).toBe(200);
    expect(await (await berth.fetch("/v2/", { as })).text()).toContain("expired on");
    expect(await (await berth.fetch("/v2/", { as: { ...as, password: "x" } })).text()).not.toContain(
      "expired",
    );
    const kept = await robots.get({ robot_id: short.id });
    await robots.update({ ...kept, robot_id: short.id, duration: 30 });
    expect(await statusOf("/v2/", as)).toBe(200);
  });

  test.each([0, -2, 1.5, 10_001])("cannot be made for %d days", async (duration) => {
    const answer = await rest(berth, undefined, "POST", "/robots", {
      name: "odd",
      level: "system",
      duration,
      permissions: [{ kind: "project", namespace: "*", access: access("repository:pull") }],
    });
    expect([400, 422]).toContain(answer.status);
  });

  test("that is disabled, refreshed or deleted is shut out at once, and so are its tokens", async () => {
    const { robots } = berth.client();
    const robot = await addProjectRobot(berth, "ship", ["repository:pull"], { name: "brief" });
    const path = "/v2/ship/app/tags/list";
    const token = await tokenOf(berth, robot, "repository:ship/app:pull");
    const kept = await robots.get({ robot_id: robot.id });
    const both = async () => [await statusOf(path, robot), await withToken(token, path)];
    expect(await both()).toEqual([200, 200]);
    await robots.update({ ...kept, robot_id: robot.id, disable: true });
    expect(await both()).toEqual([401, 401]);
    await robots.update({ ...kept, robot_id: robot.id, disable: false });
    expect(await both()).toEqual([200, 200]);
    const { secret } = await robots.refresh({ robot_id: robot.id });
    expect(await both()).toEqual([401, 401]);
    const renewed = { ...robot, password: secret };
    expect(await statusOf(path, renewed)).toBe(200);
    const second = await tokenOf(berth, renewed, "repository:ship/app:pull");
    await robots.remove({ robot_id: robot.id });
    expect([await statusOf(path, renewed), await withToken(second, path)]).toEqual([401, 401]);
  });

  test("takes a given secret, if it is no plain one, and does not tell it back", async () => {
    const robot = await addProjectRobot(berth, "ship", ["repository:pull"], { name: "given" });
    for (const secret of ["short1A", "nodigitsHere", "noupper12345", "NOLOWER12345"]) {
      const refused = await rest(berth, undefined, "PATCH", `/robots/${robot.id}`, { secret });
      expect(refused.status).toBe(400);
    }
    const given = await berth.client().robots.refresh({ robot_id: robot.id, secret: "Captain-12345" });
    expect(given).toEqual({ secret: "" });
    expect(await statusOf("/v2/", { ...robot, password: "Captain-12345" })).toBe(200);
    expect(await statusOf("/v2/", { ...robot, password: "Captain-12346" })).toBe(401);
    expect(await statusOf("/v2/", robot)).toBe(401);
  });

  test("loses a right with the next request, also one that a token was made for", async () => {
    const { robots } = berth.client();
    const robot = await addProjectRobot(berth, "ship", ["repository:pull", "repository:push"], {
      name: "less",
    });
    const token = await tokenOf(berth, robot, "repository:ship/app:pull,push");
    expect(await withToken(token, "/v2/ship/app/blobs/uploads/", "POST")).toBe(202);
    const kept = await robots.get({ robot_id: robot.id });
    const permissions = [{ kind: "project" as const, namespace: "ship", access: access("repository:pull") }];
    await robots.update({ ...kept, robot_id: robot.id, permissions });
    expect(await withToken(token, "/v2/ship/app/blobs/uploads/", "POST")).toBe(401);
    expect(await withToken(token, "/v2/ship/app/tags/list")).toBe(200);
  });

  test("uses the REST operations that it was given, and no others", async () => {
    const robot = await addProjectRobot(berth, "ship", ["repository:list", "artifact:list", "tag:create"], {
      name: "clerk",
    });
    const repository = "/projects/ship/repositories";
    const tries: [string, string, number, unknown?][] = [
      ["GET", repository, 200],
      ["GET", `${repository}/app/artifacts`, 200],
      ["POST", `${repository}/app/artifacts/v1/tags`, 201, { name: "clerks" }],
      ["DELETE", `${repository}/app/artifacts/v1/tags/clerks`, 403],
      ["GET", "/projects/ship", 403],
      ["GET", "/projects/ship/members", 403],
      ["DELETE", repository + "/app", 403],
      ["GET", "/projects/dock/repositories", 403],
      ["POST", "/projects", 403, { project_name: "no" }],
      ["GET", "/users", 403],
      ["GET", "/configurations", 403],
      ["GET", "/users/current", 412],
      ["GET", "/users/search?username=a", 412],
      ["PUT", "/users/1/password", 412, { new_password: "Sailor-12345" }],
      ["GET", "/systeminfo", 200],
    ];
    for (const [method, path, status, body] of tries) {
      expect([path, (await rest(berth, robot, method, path, body)).status]).toEqual([path, status]);
    }
  });

  test("of the system makes projects, and is their owner's hand only", async () => {
    const robot = await addSystemRobot(berth, "founder", { "/": ["project:create"] });
    expect(robot.name).toBe("robot$founder");
    const made = await rest(berth, robot, "POST", "/projects", { project_name: "founded" });
    expect(made.status).toBe(201);
    const project = await berth.client().projects.get({ project_name_or_id: "founded" });
    expect(project.owner_name).toBe("admin");
    expect((await rest(berth, robot, "GET", "/projects/founded")).status).toBe(403);
    expect((await rest(berth, robot, "DELETE", "/projects/founded")).status).toBe(403);
    const { configurations } = berth.client();
    await configurations.update({ project_creation_restriction: "adminonly" });
    expect((await rest(berth, robot, "POST", "/projects", { project_name: "second" })).status).toBe(201);
    await configurations.update({ project_creation_restriction: "everyone" });
  });

  test("for every project reaches those that are made later, for exactly what it was given", async () => {
    const robot = await addSystemRobot(berth, "porter", { "*": ["repository:pull", "repository:list"] });
    await berth.client().projects.create({ project_name: "later" });
    await pushImage(berth, "later/app", "v1");
    expect(await statusOf("/v2/later/app/manifests/v1", robot)).toBe(200);
    expect((await rest(berth, robot, "GET", "/projects/later/repositories")).status).toBe(200);
    expect((await rest(berth, robot, "GET", "/projects/later")).status).toBe(403);
    const push = await berth.fetch("/v2/later/app/blobs/uploads/", { method: "POST", as: robot });
    expect(push.status).toBe(401);
    expect(await statusOf("/v2/_catalog", robot)).toBe(401);
    const all = await rest(berth, robot, "GET", "/repositories?page_size=100");
    const names = ((await all.json()) as { name: string }[]).map((repository) => repository.name);
    expect(names).toContain("later/app");
    const projects = await rest(berth, robot, "GET", "/projects?page_size=100");
    expect(((await projects.json()) as { name: string }[]).map((project) => project.name)).toEqual([
      "library",
    ]);
  });

  test("of the system with its list sees all projects, and the catalog with that", async () => {
    const robot = await addSystemRobot(berth, "viewer", { "/": ["project:list", "catalog:read"] });
    const projects = await rest(berth, robot, "GET", "/projects?page_size=100");
    const names = ((await projects.json()) as { name: string }[]).map((project) => project.name);
    expect(names).toEqual(expect.arrayContaining(["ship", "dock", "library"]));
    expect(await statusOf("/v2/_catalog", robot)).toBe(200);
    const token = await tokenOf(berth, robot, "registry:catalog:*");
    expect(await withToken(token, "/v2/_catalog")).toBe(200);
    expect(await statusOf("/v2/ship/app/tags/list", robot)).toBe(401);
  });

  test("goes with its project, and what others may do there goes too", async () => {
    const { projects, robots } = berth.client();
    const { id } = await projects.create({ project_name: "doomed" });
    const inside = await addProjectRobot(berth, "doomed", ["repository:pull"]);
    const outside = await addSystemRobot(berth, "visitor", {
      doomed: ["repository:pull", "project:read"],
      ship: ["repository:pull"],
    });
    await projects.remove({ project_name_or_id: Number(id) });
    expect(await statusOf("/v2/", inside)).toBe(401);
    expect(await statusOf("/v2/ship/app/tags/list", outside)).toBe(200);
    await projects.create({ project_name: "doomed" });
    expect((await rest(berth, outside, "GET", "/projects/doomed")).status).toBe(403);
    const left = await robots.get({ robot_id: outside.id });
    expect(left.permissions.map((given) => given.namespace)).toEqual(["ship"]);
    await addProjectRobot(berth, "doomed", ["repository:pull"]);
  });

  test("is made, listed and ended by its project's admins; members see it, strangers do not", async () => {
    const captain = await addMember(berth, "dock", "projectAdmin");
    const guest = await addMember(berth, "dock", "guest");
    const stranger = await addUser(berth, "stranger");
    const robot = await addProjectRobot(berth, "dock", ["repository:pull"], { by: captain });
    const { project_id } = await berth.client().projects.get({ project_name_or_id: "dock" });
    const q = `Level=project,ProjectID=${project_id}`;
    for (const caller of [captain, guest]) {
      const { items, total } = await berth.client(caller).robots.list({ q });
      expect([items[0]?.name, total]).toEqual(["robot$dock+build", 1]);
    }
    const client = berth.client(stranger).robots;
    await expect(client.list({ q })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(client.get({ robot_id: robot.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(berth.client(captain).robots.list({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    const remove = berth.client(guest).robots.remove({ robot_id: robot.id });
    await expect(remove).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(client.permissions({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await berth.client(captain).robots.permissions({})).not.toHaveProperty("system");
    expect(await berth.client().robots.permissions({})).toHaveProperty("system");
    await berth.client(captain).robots.remove({ robot_id: robot.id });
  });

  test.each(["Level=project", "Level=project,ProjectID=0", "Level=project,ProjectID=x", "Level=other"])(
    "is not asked for with %s",
    async (q) => {
      const answer = await rest(berth, undefined, "GET", `/robots?q=${encodeURIComponent(q)}`);
      expect(answer.status).toBe(400);
    },
  );

  test("has a name of its own, and keeps it and its level", async () => {
    const { robots } = berth.client();
    const robot = await addProjectRobot(berth, "ship", ["repository:pull"], { name: "fixed" });
    const again = addProjectRobot(berth, "ship", ["repository:pull"], { name: "fixed" });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT" });
    await addProjectRobot(berth, "dock", ["repository:pull"], { name: "fixed" });
    const kept = { ...(await robots.get({ robot_id: robot.id })), robot_id: robot.id };
    for (const change of [{ name: "robot$ship+other" }, { level: "system" as const }]) {
      await expect(robots.update({ ...kept, ...change })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    }
  });
});
