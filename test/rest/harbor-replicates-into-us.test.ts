import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { configType, describe as described, digestOf, imageType, layerType } from "../oci/images.ts";
import { addMember, password } from "../people.ts";

/** What a real Harbor asks of the registry that it replicates into, in its order. Harbor API 22.1, 22.2 and 22.5. */
describe("a Harbor that replicates into us", () => {
  let berth: Berth;
  /** Somebody who may push, but not make projects. */
  const pusher = { name: "developer-of-team", password };

  beforeAll(async () => {
    berth = await startBerth();
    await berth.client().projects.create({ project_name: "team", public: true });
    await addMember(berth, "team", "developer");
    await berth.client().configurations.update({ project_creation_restriction: "adminonly" });
  });
  afterAll(() => berth.close());

  const agent = { "user-agent": "harbor-registry-client", "accept-encoding": "identity" };
  type As = { name: string; password: string };

  async function tokenFor(scopes: readonly string[], as: As = berth.admin) {
    // Not by `fetch`, which says that it is a browser's.
    const [challenge] = (await once(get(`${berth.url}/v2/`, { headers: agent }), "response")) as [
      IncomingMessage,
    ];
    challenge.resume();
    expect(challenge.statusCode).toBe(401);
    const [, realm = "", service = ""] =
      /^Bearer realm="([^"]+)",service="([^"]+)"/.exec(challenge.headers["www-authenticate"] ?? "") ?? [];
    // It must be reachable from where the other Harbor is: by the name that was asked.
    expect(new URL(realm).host).toBe(new URL(berth.url).host);
    const query = scopes.map((scope) => `&scope=${encodeURIComponent(scope)}`).join("");
    const { pathname } = new URL(realm);
    const answer = await berth.fetch(`${pathname}?service=${encodeURIComponent(service)}${query}`, {
      as,
      headers: agent,
    });
    return (await answer.json()) as { token: string; expires_in: number; issued_at: string };
  }

  const bearer = async (repository: string, actions: string, as: As = berth.admin) => ({
    ...agent,
    authorization: `Bearer ${(await tokenFor([`repository:${repository}:${actions}`], as)).token}`,
  });
  const raw = (path: string, init: RequestInit = {}) => berth.fetch(path, { as: null, ...init });
  const api = (path: string, init: RequestInit & { as?: As } = {}) =>
    berth.fetch(`/api/v2.0${path}`, { headers: agent, ...init });
  const json = (body: object) => ({
    method: "POST",
    headers: { ...agent, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

  test("finds out which API there is, and that its credentials are good", async () => {
    expect(await (await berth.fetch("/api/version", { headers: agent })).json()).toEqual({ version: "v2.0" });
    const { token, expires_in, issued_at } = await tokenFor([]);
    expect(expires_in).toBeGreaterThan(60);
    expect(Math.abs(Date.parse(issued_at) - Date.now())).toBeLessThan(60_000);
    expect((await raw("/v2/", { headers: { ...agent, authorization: `Bearer ${token}` } })).status).toBe(200);
    expect([200, 404]).toContain((await api("/labels?scope=g")).status);
    expect((await api("/systeminfo")).status).toBe(200);
  });

  test.each([
    ["2.5 to 2.8", "name%3D%7Bteam+none%7D"],
    ["2.9 to 2.12", "name%3D%7B%27team+none%27%7D"],
    ["2.13 and later", "name%3D%7B%27team%27+%27none%27%7D"],
  ])("asks which projects are there as versions %s do, also without the right to make them", async (_, q) => {
    for (const as of [berth.admin, pusher]) {
      const answer = await api(`/projects?q=${q}&with_detail=false&page=1&page_size=100`, { as });
      expect(answer.status).toBe(200);
      const projects = (await answer.json()) as { name: string; metadata: object; registry_id?: number }[];
      expect(projects.map(({ name }) => name)).toEqual(["team"]);
      expect(projects[0]?.metadata).toMatchObject({ public: "true" });
      expect(projects[0]?.registry_id ?? 0).toBe(0);
    }
  });

  test("makes those that are missing, and takes 409 for there", async () => {
    const made = await api("/projects", json({ project_name: "moved", metadata: { public: "true" } }));
    expect(made.status).toBe(201);
    const again = await api("/projects", json({ project_name: "moved", metadata: { public: "true" } }));
    expect(again.status).toBe(409);
    const bare = await api("/projects", json({ project_name: "bare", metadata: null }));
    expect(bare.status).toBe(201);
    const refused = await api("/projects", { ...json({ project_name: "more" }), as: pusher });
    expect(refused.status).toBe(403);
  });

  const layer = "a layer";
  const configuration = JSON.stringify({ architecture: "amd64", os: "linux" });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: described(configType, configuration),
    layers: [described(layerType, layer)],
  });

  test("copies an artifact: head, blobs in one piece, then the manifest", async () => {
    const name = "team/app";
    const headers = await bearer(name, "pull,push", pusher);
    expect((await raw(`/v2/${name}/manifests/1.0`, { method: "HEAD", headers })).status).toBe(404);
    for (const blob of [configuration, layer]) {
      const digest = digestOf(blob);
      expect((await raw(`/v2/${name}/blobs/${digest}`, { method: "HEAD", headers })).status).toBe(404);
      const holders = await api(
        `/repositories?q=${encodeURIComponent(`blob_digest=${digest}`)}&page_size=1&page_number=1`,
        { as: pusher },
      );
      expect(await holders.json()).toEqual([]);
      const begun = await raw(`/v2/${name}/blobs/uploads/`, { method: "POST", headers });
      expect(begun.status).toBe(202);
      const location = new URL(begun.headers.get("location") ?? "", berth.url);
      location.searchParams.set("digest", digest);
      const put = await raw(location.pathname + location.search, { method: "PUT", headers, body: blob });
      expect(put.status).toBe(201);
    }
    const put = await raw(`/v2/${name}/manifests/1.0`, {
      method: "PUT",
      headers: { ...headers, "content-type": imageType },
      body: manifest,
    });
    expect(put.status).toBe(201);
    const head = await raw(`/v2/${name}/manifests/1.0`, { method: "HEAD", headers });
    expect([head.status, head.headers.get("docker-content-digest")]).toEqual([200, digestOf(manifest)]);
  });

  test("mounts a blob from where it is told that it is, with a token of two scopes", async () => {
    const digest = digestOf(layer);
    const found = await api(
      `/repositories?q=${encodeURIComponent(`blob_digest=${digest}`)}&page_size=1&page_number=1`,
    );
    const [holder] = (await found.json()) as { name: string }[];
    expect(holder?.name).toBe("team/app");
    const { token } = await tokenFor(["repository:moved/app:pull,push", "repository:team/app:pull"]);
    const mounted = await raw(`/v2/moved/app/blobs/uploads/?mount=${digest}&from=team%2Fapp`, {
      method: "POST",
      headers: { ...agent, authorization: `Bearer ${token}` },
    });
    // Any 2xx counts as mounted for Harbor, so it must be true.
    expect(mounted.status).toBe(201);
    const headers = await bearer("moved/app", "pull");
    expect((await raw(`/v2/moved/app/blobs/${digest}`, { method: "HEAD", headers })).status).toBe(200);
  });

  test("sends a large blob by chunks, asks where it stands after a break, and ends with the last chunk in the PUT", async () => {
    const [name, blob] = ["moved/chunks", Buffer.alloc(3_000_000, "chunk")];
    const headers = await bearer(name, "pull,push");
    const begun = await raw(`/v2/${name}/blobs/uploads/`, { method: "POST", headers });
    let location = new URL(begun.headers.get("location") ?? "", berth.url);
    const path = () => location.pathname + location.search;
    const chunk = (from: number, to: number) => ({
      headers: {
        ...headers,
        "content-type": "application/octet-stream",
        "content-range": `${from}-${to - 1}`,
      },
      body: blob.subarray(from, to),
    });
    const first = await raw(path(), { method: "PATCH", ...chunk(0, 1_000_000) });
    expect([first.status, first.headers.get("range")]).toEqual([202, "0-999999"]);
    location = new URL(first.headers.get("location") ?? "", berth.url);
    const stands = await raw(path(), { headers });
    expect([stands.status, stands.headers.get("range")]).toEqual([204, "0-999999"]);
    const second = await raw(path(), { method: "PATCH", ...chunk(1_000_000, 2_000_000) });
    location = new URL(second.headers.get("location") ?? "", berth.url);
    location.searchParams.set("digest", digestOf(blob));
    const last = await raw(path(), { method: "PUT", ...chunk(2_000_000, 3_000_000) });
    expect(last.status).toBe(201);
  });

  test("deletes an artifact by its digest, and a tag by the API with the name encoded twice", async () => {
    const image = digestOf(manifest);
    const headers = await bearer("team/app", "*");
    const twice = encodeURIComponent(encodeURIComponent("app"));
    const tag = `/projects/team/repositories/${twice}/artifacts/1.0/tags/1.0`;
    expect((await api(tag, { method: "DELETE" })).status).toBe(200);
    expect((await api(tag, { method: "DELETE" })).status).toBe(404);
    expect((await raw(`/v2/team/app/manifests/${image}`, { method: "HEAD", headers })).status).toBe(200);
    expect((await raw(`/v2/team/app/manifests/${image}`, { method: "DELETE", headers })).status).toBe(202);
    expect((await raw(`/v2/team/app/manifests/${image}`, { method: "DELETE", headers })).status).toBe(404);
  });

  describe("as one of version 1 does", () => {
    const project = (body: object, as: As = berth.admin) =>
      berth.fetch("/api/projects/", { method: "POST", body: Buffer.from(JSON.stringify(body)), as });

    test("it makes the project by the path without a version, and takes 409 for there", async () => {
      expect((await project({ project_name: "old", public: 1 })).status).toBe(201);
      expect((await project({ project_name: "old", public: 1 })).status).toBe(409);
      expect((await project({ project_name: "closed", public: 0 })).status).toBe(201);
      const [old, closed] = await Promise.all(
        ["old", "closed"].map((project_name_or_id) => berth.client().projects.get({ project_name_or_id })),
      );
      expect([old?.metadata.public, closed?.metadata.public]).toEqual(["true", "false"]);
      expect((await project({ project_name: "else" }, pusher)).status).toBe(403);
    });

    test("it pushes with a token for everything, and deletes tags and repositories by name", async () => {
      const headers = await bearer("old/app", "pull,push,*");
      for (const blob of [configuration, layer]) {
        const begun = await raw("/v2/old/app/blobs/uploads/", { method: "POST", headers });
        const location = new URL(begun.headers.get("location") ?? "", berth.url);
        location.searchParams.set("digest", digestOf(blob));
        await raw(location.pathname + location.search, { method: "PUT", headers, body: blob });
      }
      for (const tag of ["1", "2"]) {
        const put = { method: "PUT", headers: { ...headers, "content-type": imageType }, body: manifest };
        expect((await raw(`/v2/old/app/manifests/${tag}`, put)).status).toBe(201);
      }
      const remove = (query: string) => berth.fetch(`/api/repositories/?${query}`, { method: "DELETE" });
      expect((await remove("repo_name=old%2Fapp&tag=1")).status).toBe(200);
      expect((await remove("repo_name=old%2Fapp&tag=1")).status).toBe(404);
      expect((await raw("/v2/old/app/manifests/2", { method: "HEAD", headers })).status).toBe(200);
      expect((await remove("repo_name=old/app")).status).toBe(200);
      expect((await remove("repo_name=old/app")).status).toBe(404);
      expect((await remove("repo_name=app")).status).toBe(400);
    });

    test("strangers get nothing by it", async () => {
      const body = Buffer.from("{}");
      expect((await berth.fetch("/api/projects/", { method: "POST", body, as: null })).status).toBe(401);
      const remove = await berth.fetch("/api/repositories/?repo_name=team/app", {
        method: "DELETE",
        as: null,
      });
      expect(remove.status).toBe(401);
      expect((await berth.fetch("/api/users", {})).status).toBe(404);
    });
  });
});
