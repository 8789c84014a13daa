import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";

/** Harbor's API conventions: paging, links, errors, names. What other programs rely on. */
describe("the REST API", () => {
  let berth: Berth;

  beforeAll(async () => {
    berth = await startBerth();
    for (let n = 1; n <= 24; n += 1) {
      await berth
        .client()
        .projects.create({ project_name: `p${String(n).padStart(2, "0")}`, public: n % 2 === 0 });
    }
    await berth.client().projects.create({ project_name: "12345" });
  });
  afterAll(() => berth.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    berth.fetch(`/api/v2.0${path}`, { headers });
  const errorsOf = async (answer: Response) =>
    ((await answer.json()) as { errors: { code: string; message: string }[] }).errors;
  const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    berth.fetch(`/api/v2.0${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  test("tells which API it speaks, and answers a ping", async () => {
    const version = await berth.fetch("/api/version", { as: null });
    expect(await version.json()).toEqual({ version: "v2.0" });
    const ping = await berth.fetch("/api/v2.0/ping", { as: null });
    expect(await ping.text()).toBe("Pong");
    expect(ping.headers.get("content-type")).toMatch(/^text\/plain/);
  });

  test("pages a list with a total and relative links", async () => {
    const second = await get("/projects?page=2&page_size=10");
    expect(await second.json()).toHaveLength(10);
    expect(second.headers.get("x-total-count")).toBe("26");
    expect(second.headers.get("link")).toBe(
      '</api/v2.0/projects?page=1&page_size=10>; rel="prev" , </api/v2.0/projects?page=3&page_size=10>; rel="next"',
    );
    const past = await get("/projects?page=9");
    expect([past.status, await past.json()]).toEqual([200, []]);
  });

  test.each([
    ["/projects?page_size=101", 422, "UNPROCESSABLE_ENTITY"],
    ["/projects?page=0", 422, "UNPROCESSABLE_ENTITY"],
    ["/projects?page_size=NaN", 422, "UNPROCESSABLE_ENTITY"],
    ["/projects?q=name", 400, "BAD_REQUEST"],
    ["/projects?page=1&page=2", 422, "UNPROCESSABLE_ENTITY"],
    ["/nothing", 404, "NOT_FOUND"],
    ["/projects/none", 404, "NOT_FOUND"],
    ["/projects/p01/repositories/none", 404, "NOT_FOUND"],
  ])("answers %s with %i %s in the common error body", async (path, status, code) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    const [error] = await errorsOf(answer);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(/\w+ \w+/);
  });

  test("ignores an unknown key of q, and finds by a known one", async () => {
    expect((await get("/projects?q=nothing=1")).headers.get("x-total-count")).toBe("26");
    expect((await get("/projects?q=name%3D~p1")).headers.get("x-total-count")).toBe("10");
    expect((await get("/projects?q=name%3D%7Bp01+p02%7D")).headers.get("x-total-count")).toBe("2");
    expect((await get("/projects?q=name%3D%7B%27p01%27+%2712345%27%7D")).headers.get("x-total-count")).toBe(
      "2",
    );
    expect((await get("/projects?public=true")).headers.get("x-total-count")).toBe("13");
  });

  test("creates with 201 and a path in Location, and refuses the name a second time", async () => {
    const made = await send("POST", "/projects", { project_name: "fresh", metadata: { public: "true" } });
    expect(made.status).toBe(201);
    expect(await made.text()).toBe("");
    const location = made.headers.get("location") ?? "";
    expect(location).toMatch(/^\/api\/v2\.0\/projects\/\d+$/);
    const project = (await (await berth.fetch(location)).json()) as {
      name: string;
      metadata: { public: string };
    };
    expect(project).toMatchObject({ name: "fresh", metadata: { public: "true" }, current_user_role_id: 1 });
    const again = await send("POST", "/projects", { project_name: "fresh" });
    expect(again.status).toBe(409);
    expect((await errorsOf(again))[0]?.message).toBe("project fresh already exists");
  });

  test("takes a number for an id, unless it is said to be a name", async () => {
    expect((await get("/projects/12345")).status).toBe(404);
    const named = await get("/projects/12345", { "x-is-resource-name": "true" });
    expect(((await named.json()) as { name: string }).name).toBe("12345");
  });

  test("refuses a body that is not a JSON object, and one that would poison objects", async () => {
    expect((await send("POST", "/projects", "{")).status).toBe(400);
    expect((await send("POST", "/projects", "[]")).status).toBe(400);
    expect((await send("POST", "/projects", "a=b", { "content-type": "text/plain" })).status).toBe(415);
    expect((await send("POST", "/projects", '{"project_name":"x","__proto__":{"public":true}}')).status).toBe(
      400,
    );
    expect((await send("POST", "/projects", '{"project_name":{"$ne":null}}')).status).toBe(400);
    expect((await send("POST", "/projects", `{"project_name":"${"x".repeat(1_100_000)}"}`)).status).toBe(413);
    expect(({} as { public?: boolean }).public).toBeUndefined();
  });

  test.each(["Upper", "a..b", "-a", "a-", "a/b", "", "ü", "a".repeat(256)])(
    "refuses the project name %j",
    async (name) => {
      const answer = await send("POST", "/projects", { project_name: name });
      expect([400, 422]).toContain(answer.status);
    },
  );

  test("says whether a project can be deleted, deletes it, and gives its name free", async () => {
    expect(await (await get("/projects/fresh/_deletable")).json()).toEqual({ deletable: true });
    expect((await berth.fetch("/api/v2.0/projects/fresh", { method: "DELETE" })).status).toBe(200);
    expect((await get("/projects/fresh")).status).toBe(404);
    expect((await send("POST", "/projects", { project_name: "fresh" })).status).toBe(201);
  });

  test("answers HEAD for a project that is there and for one that is not", async () => {
    expect((await berth.fetch("/api/v2.0/projects?project_name=library", { method: "HEAD" })).status).toBe(
      200,
    );
    expect((await berth.fetch("/api/v2.0/projects?project_name=none", { method: "HEAD" })).status).toBe(404);
  });

  test("tells more of itself to who is signed in", async () => {
    const anonymous = (await (await berth.fetch("/api/v2.0/systeminfo", { as: null })).json()) as object;
    expect(Object.keys(anonymous).sort()).toEqual(
      ["auth_mode", "banner_message", "mail", "primary_auth_mode", "self_registration"].sort(),
    );
    expect(await (await get("/systeminfo")).json()).toMatchObject({
      registry_url: berth.address,
      read_only: false,
    });
    expect(await (await get("/health")).json()).toMatchObject({ status: "healthy" });
    const { storage } = (await (await get("/systeminfo/volumes")).json()) as { storage: { free: number }[] };
    expect(storage[0]?.free).toBeGreaterThan(0);
  });

  test("serves a description of itself that names every path", async () => {
    const answer = await berth.fetch("/api/v2.0/openapi.json", { as: null });
    const { openapi, paths } = (await answer.json()) as { openapi: string; paths: Record<string, object> };
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(paths)).toContain(
      "/projects/{project_name}/repositories/{repository_name}/artifacts/{reference}",
    );
    expect(Object.keys(paths["/projects"] ?? {}).sort()).toEqual(["get", "head", "post"]);
  });

  test("echoes a request's id, and makes one", async () => {
    expect((await get("/ping", { "x-request-id": "abc-1" })).headers.get("x-request-id")).toBe("abc-1");
    expect((await get("/ping", { "x-request-id": "a b" })).headers.get("x-request-id")).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});
