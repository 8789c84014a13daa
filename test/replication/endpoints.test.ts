import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { freePort, startDockerRegistry } from "./docker-registry.ts";
import { addEndpoint, addRule } from "./rules.ts";

describe("endpoints", () => {
  let berth: Berth;
  let other: Berth;

  beforeAll(async () => {
    [berth, other] = await Promise.all([startBerth(), startBerth()]);
  });
  afterAll(async () => {
    await berth.close();
    await other.close();
  });

  const draft = (name: string) => ({
    name,
    url: other.url,
    type: "berth" as const,
    credential: { access_key: "admin", access_secret: other.admin.password },
  });
  const code = (word: string) => ({ code: word });

  test("are made with a normalised address, a hidden secret and a health that is known", async () => {
    const url = other.url.replace("http://", "");
    const { id } = await berth.client().registries.create({ ...draft("first"), url: ` ${url}/ ` });
    const made = await berth.client().registries.get({ id: Number(id) });
    expect(made).toMatchObject({
      name: "first",
      url: other.url,
      credential: { type: "basic", access_key: "admin", access_secret: "*****" },
      insecure: false,
      status: "healthy",
      used_by: [],
    });
    expect(JSON.stringify(await berth.client().registries.list({}))).not.toContain(other.admin.password);
  });

  test("have names of their own", async () => {
    await expect(berth.client().registries.create(draft("first"))).rejects.toMatchObject(code("CONFLICT"));
  });

  test.each(["ftp://x", "http://user:secret@x", "http://x/?a=b", "http://"])(
    "are refused at the address %s",
    async (url) => {
      const made = berth.client().registries.create({ ...draft("odd"), url });
      await expect(made).rejects.toMatchObject(code("BAD_REQUEST"));
    },
  );

  test("that are not well are refused, with what is wrong in words", async () => {
    const port = await freePort();
    const page = createServer((_, response) =>
      response.setHeader("content-type", "text/html").end("<p>"),
    ).listen(0, "127.0.0.1");
    await once(page, "listening");
    const web = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const wrong = { access_key: "admin", access_secret: "not-the-password" };
    const asked = [
      [{ ...draft("x"), url: `http://127.0.0.1:${port}` }, "refused"],
      [{ ...draft("x"), url: "http://nowhere.invalid" }, "name"],
      [{ ...draft("x"), credential: wrong, access_secret: wrong.access_secret }, "credentials"],
      [{ ...draft("x"), url: web, type: "docker-registry" as const }, "not-a-registry"],
    ] as const;
    for (const [endpoint, problem] of asked) {
      const refused: unknown = await berth
        .client()
        .registries.create(endpoint)
        .catch((error: unknown) => error);
      expect(refused).toMatchObject(code("BAD_REQUEST"));
      const { credential, name: _, ...flat } = endpoint;
      const found = await berth.client().registries.probe({ ...flat, ...credential });
      expect(found.problem).toBe(problem);
      expect((refused as Error).message).toBe(found.message);
      await expect(berth.client().registries.ping({ ...flat, ...credential })).rejects.toMatchObject(
        code("BAD_REQUEST"),
      );
    }
    page.close();
  });

  test("a stored secret never goes to another address", async () => {
    const heard: (string | undefined)[] = [];
    const thief = createServer((request, response) => {
      heard.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    }).listen(0, "127.0.0.1");
    await once(thief, "listening");
    const url = `http://127.0.0.1:${(thief.address() as AddressInfo).port}`;
    const id = Number((await berth.client().registries.create(draft("kept"))).id);
    for (const access_secret of [undefined, "*****"]) {
      const given = access_secret === undefined ? {} : { access_secret };
      const again = { code: "BAD_REQUEST", message: "the address is another one: give the secret again" };
      await expect(berth.client().registries.ping({ id, url, ...given })).rejects.toMatchObject(again);
      await expect(berth.client().registries.probe({ id, url, ...given })).rejects.toMatchObject(again);
      await expect(berth.client().registries.update({ id, url, ...given })).rejects.toMatchObject(again);
    }
    // Signed in as nobody, it may be asked; the secret stays at home.
    await berth.client().registries.probe({ id, url, access_key: "" });
    expect(heard.every((header) => header === undefined)).toBe(true);
    await berth.client().registries.ping({ id });
    await berth.client().registries.update({ id, name: "kept too", access_secret: "*****" });
    const { credential } = await berth.client().registries.get({ id });
    expect(credential).toMatchObject({ access_key: "admin", access_secret: "*****" });
    thief.close();
  });

  test("are not edited while an enabled rule uses them, nor deleted while any does, and say which", async () => {
    const id = await addEndpoint(berth, other, "used");
    const rule = await addRule(berth, id, { name: "nightly", project_name: "library" });
    expect((await berth.client().registries.get({ id })).used_by).toEqual([
      { id: rule, name: "nightly", enabled: true },
    ]);
    const refused = { code: "PRECONDITION", message: expect.stringContaining("rule nightly") as string };
    await expect(berth.client().registries.update({ id, description: "x" })).rejects.toMatchObject(refused);
    await expect(berth.client().registries.remove({ id })).rejects.toMatchObject(refused);
    await berth.client().replication.enable({ id: rule, enabled: false });
    await berth.client().registries.update({ id, description: "for the night" });
    await expect(berth.client().registries.remove({ id })).rejects.toMatchObject(refused);
    await berth.client().replication.remove({ id: rule });
    await berth.client().projects.create({ project_name: "cache", registry_id: id });
    await expect(berth.client().registries.remove({ id })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining("proxy project cache") as string,
    });
    await berth.client().projects.remove({ project_name_or_id: "cache" });
    await berth.client().registries.remove({ id });
    await expect(berth.client().registries.get({ id })).rejects.toMatchObject(code("NOT_FOUND"));
  });

  test("check certificates as the setting says, unless told otherwise", async () => {
    await berth.client().configurations.update({ verify_remote_cert: false });
    const { id } = await berth.client().registries.create(draft("trusting"));
    expect((await berth.client().registries.get({ id: Number(id) })).insecure).toBe(true);
    await berth.client().configurations.update({ verify_remote_cert: true });
    const strict = await berth.client().registries.create(draft("strict"));
    expect((await berth.client().registries.get({ id: Number(strict.id) })).insecure).toBe(false);
  });

  test("tell what rules can do with them", async () => {
    const here = await berth.client().registries.info({ id: 0 });
    expect(here.supported_triggers).toEqual(["manual", "scheduled", "event_based"]);
    expect(here.supported_resource_filters.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["name", "tag", "label", "platform", "resource"]),
    );
    expect(await berth.client().registries.adapters({})).toContain("harbor");
    expect(Object.keys(await berth.client().registries.adapterInfos({}))).toContain("docker-hub");
  });
});

describeWith(["docker-registry"], "an endpoint that is a docker-registry", () => {
  test("is made without credentials, and knows no labels", async () => {
    const berth = await startBerth();
    const registry = await startDockerRegistry();
    const id = await addEndpoint(berth, registry.url);
    const endpoint = await berth.client().registries.get({ id });
    expect(endpoint).toMatchObject({ status: "healthy", credential: { access_key: "", access_secret: "" } });
    await expect(
      addRule(berth, 0, { src_registry: { id }, filters: [{ type: "label", value: ["good"] }] }),
    ).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await registry.close();
    await berth.close();
  });
});
