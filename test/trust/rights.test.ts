import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { addMember, addUser, password } from "../people.ts";
import { addProjectRobot } from "../robots.ts";
import { signed, targetsDocument } from "./author.ts";
import { begin, form, serviceOf, type Started, type Who } from "./collection.ts";

type Act = "read" | "key" | "publish" | "rotate" | "delete";
const acts: readonly Act[] = ["read", "key", "publish", "rotate", "delete"];
/** What a token must hold for each. */
const scopes: Record<Act, string> = {
  read: "pull",
  key: "push,pull",
  publish: "push,pull",
  rotate: "*",
  delete: "*",
};

describe("who may do what to trust data", () => {
  let berth: Berth;
  const started: Record<string, Started> = {};
  let version = 1;

  beforeAll(async () => {
    berth = await startBerth();
    await berth.client().projects.create({ project_name: "open", metadata: { public: "true" } });
    await berth.client().projects.create({ project_name: "closed" });
    for (const project of ["open", "closed"])
      started[project] = await begin(serviceOf(berth), `${project}/app`);
  });
  afterAll(() => berth?.close());

  interface Answer {
    status: number;
    challenge: string;
    text: string;
  }

  /** As Go's clients ask: a browser's request is answered without a challenge. */
  function send(act: Act, { gun, keys }: Started, authorization: string | undefined): Promise<Answer> {
    version += 1;
    const upload = form([["targets", signed(targetsDocument(version), [keys.targets])]]);
    const [method, name, body, type] = {
      read: ["GET", "timestamp.json"] as const,
      key: ["GET", "snapshot.key"] as const,
      publish: ["POST", "", upload.body, upload.type] as const,
      rotate: ["POST", "snapshot.key"] as const,
      delete: ["DELETE", ""] as const,
    }[act];
    return raw(
      method,
      `/v2/${gun}/_trust/tuf/${name}`,
      {
        ...(authorization === undefined ? {} : { authorization }),
        ...(type === undefined ? {} : { "content-type": type }),
      },
      body,
    );
  }

  function raw(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: Buffer,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(`${berth.url}${path}`, { method, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            challenge: answer.headers["www-authenticate"] ?? "",
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      asked.on("error", reject).end(body);
    });
  }

  const basic = (who: NonNullable<Who>): string => `Basic ${btoa(`${who.name}:${who.password}`)}`;

  async function tokenFor(scope: string, who: Who): Promise<{ token: string; granted: string[] }> {
    const answer = await berth.fetch(
      `/service/token?service=harbor-registry&scope=${encodeURIComponent(scope)}`,
      {
        as: who,
      },
    );
    const { token } = (await answer.json()) as { token: string };
    const { access } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
      access: { actions: string[] }[];
    };
    return { token, granted: access.flatMap(({ actions }) => actions) };
  }

  /** What it may, by name and password, and what it may with a token that was asked for that. */
  async function allowed(project: string, who: Who): Promise<Act[]> {
    const may: Act[] = [];
    for (const act of acts) {
      const collection = started[project] as Started;
      const { token } = await tokenFor(`repository:${collection.gun}:${scopes[act]}`, who);
      const answers = [
        await send(act, collection, who ? basic(who) : undefined),
        await send(act, collection, `Bearer ${token}`),
      ];
      const statuses = answers.map(({ status }) => status);
      expect(
        [
          [200, 200],
          [401, 401],
        ],
        `${act} in ${project}`,
      ).toContainEqual(statuses);
      if (statuses[0] === 200) may.push(act);
      if (act === "delete" && statuses[0] === 200)
        started[project] = await begin(serviceOf(berth), `${project}/app`);
    }
    return may;
  }

  test("by their roles: to push is to publish, and to delete is to manage keys and the collection", async () => {
    const read: Act[] = ["read"];
    const publish: Act[] = ["read", "key", "publish"];
    const expected = {
      projectAdmin: [...acts],
      maintainer: [...acts],
      developer: publish,
      guest: read,
      limitedGuest: read,
    };
    const found: Record<string, Act[]> = {};
    for (const role of Object.keys(expected) as (keyof typeof expected)[]) {
      await addMember(berth, "closed", role);
      found[role] = await allowed("closed", { name: `${role.toLowerCase()}-of-closed`, password });
    }
    expect(found).toEqual(expected);
  });

  test("strangers and nobody read what is public, and nothing else", async () => {
    await addUser(berth, "stranger");
    for (const who of [{ name: "stranger", password }, null]) {
      expect(await allowed("open", who)).toEqual(["read"]);
      expect(await allowed("closed", who)).toEqual([]);
    }
  });

  test("robots by what they were given: all three rights make one that manages", async () => {
    const all = ["repository:pull", "repository:push", "repository:delete"];
    const robots = await Promise.all(
      [all, all.slice(0, 2), all.slice(0, 1), ["repository:push"]].map((permissions, n) =>
        addProjectRobot(berth, "closed", permissions, { name: `robot-${n}` }),
      ),
    );
    const found: Act[][] = [];
    for (const robot of robots) found.push(await allowed("closed", robot));
    expect(found).toEqual([[...acts], ["read", "key", "publish"], ["read"], []]);
  });

  test("a refusal says with what token to come, and why the one that came is not enough", async () => {
    const collection = started["closed"] as Started;
    const realm = `Bearer realm="${berth.url}/service/token",service="harbor-registry"`;
    for (const act of acts) {
      const scope = `scope="repository:${collection.gun}:${scopes[act]}"`;
      const unknown = await send(act, collection, undefined);
      expect(unknown.challenge).toBe(`${realm},${scope}`);
      const { token } = await tokenFor("repository:library/app:pull", berth.admin);
      const narrow = await send(act, collection, `Bearer ${token}`);
      expect(narrow.challenge).toBe(`${realm},${scope},error="insufficient_scope"`);
      const { errors } = JSON.parse(narrow.text) as { errors: { code: string; detail: unknown }[] };
      const wanted = scopes[act]
        .split(",")
        .map((Action) => ({ Type: "repository", Class: "", Name: collection.gun, Action }));
      expect(errors).toEqual([expect.objectContaining({ code: "UNAUTHORIZED", detail: wanted })]);
      const forged = await send(act, collection, "Bearer abc.def.ghi");
      expect([forged.status, forged.challenge]).toEqual([401, `${realm},error="invalid_token"`]);
      const wrong = await send(act, collection, basic({ name: "admin", password: "Wrong-12345" }));
      expect(wrong.status).toBe(401);
    }
  });

  test("a token is for one collection, and one that manages may do everything to it", async () => {
    const { closed, open } = started as { closed: Started; open: Started };
    const { token, granted } = await tokenFor(`repository:${closed.gun}:*`, berth.admin);
    expect(granted).toEqual(["*"]);
    for (const act of ["read", "key", "publish", "rotate"] as const) {
      expect((await send(act, closed, `Bearer ${token}`)).status).toBe(200);
      expect((await send(act, open, `Bearer ${token}`)).status).toBe(401);
    }
    // Neither is it for the images, nor one for images for this.
    const images = { authorization: `Bearer ${token}` };
    expect((await raw("GET", "/v2/closed/app/tags/list", images)).status).toBe(401);
    const { token: pull } = await tokenFor("repository:closed/app:pull", berth.admin);
    expect((await send("read", closed, `Bearer ${pull}`)).status).toBe(401);
  });

  test("a token asked for under a name that is not ours is empty", async () => {
    for (const host of ["docker.io", "evil.example:5143"])
      expect((await tokenFor(`repository:${host}/library/app:pull,push`, berth.admin)).granted).toEqual([]);
  });

  test("a token does not outlive its project", async () => {
    await berth.client().projects.create({ project_name: "twice" });
    const first = await begin(serviceOf(berth), "twice/app");
    const { token } = await tokenFor(`repository:${first.gun}:pull`, berth.admin);
    expect((await send("read", first, `Bearer ${token}`)).status).toBe(200);
    await berth.client().projects.remove({ project_name_or_id: "twice" });
    await berth.client().projects.create({ project_name: "twice" });
    const second = await begin(serviceOf(berth), "twice/app");
    expect((await send("read", second, `Bearer ${token}`)).status).toBe(401);
  });

  test("nothing is published while the registry is read-only, and clients show why", async () => {
    const collection = started["closed"] as Started;
    const admin = berth.client();
    await admin.configurations.update({ read_only: true });
    const { status, text } = await send("publish", collection, basic(berth.admin));
    expect(status).toBe(400);
    expect(text).toContain("the registry is read-only at the moment");
    expect((await send("delete", collection, basic(berth.admin))).status).toBe(400);
    expect((await send("read", collection, basic(berth.admin))).status).toBe(200);
    await admin.configurations.update({ read_only: false });
    expect((await send("publish", collection, basic(berth.admin))).status).toBe(200);
  });
});
