import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anonymous, type Caller } from "../../registry/access/caller.ts";
import { roles, type RoleName } from "../../registry/contract/permission.ts";
import { startBerth, type Berth } from "../harness.ts";
import { addMember, addUser, password } from "../people.ts";

/** What each may do over `/v2/`, by the roles table: in a private project, and in a public one. */
const rights: Record<RoleName | "stranger" | "anonymous", { hidden: string; open: string }> = {
  projectAdmin: { hidden: "pull push delete", open: "pull push delete" },
  maintainer: { hidden: "pull push delete", open: "pull push delete" },
  developer: { hidden: "pull push", open: "pull push" },
  guest: { hidden: "pull", open: "pull" },
  limitedGuest: { hidden: "pull", open: "pull" },
  stranger: { hidden: "", open: "pull" },
  anonymous: { hidden: "", open: "pull" },
};

describe("a role's rights over /v2/", () => {
  let berth: Berth;
  const named = (who: string, project: string) =>
    who === "stranger" ? who : `${who.toLowerCase()}-of-${project}`;

  beforeAll(async () => {
    berth = await startBerth();
    await addUser(berth, "stranger");
    for (const [project, open] of [
      ["hidden", false],
      ["open", true],
    ] as const) {
      await berth.client().projects.create({ project_name: project, public: open });
      for (const role of Object.keys(roles) as RoleName[]) await addMember(berth, project, role);
    }
  });
  afterAll(() => berth.close());

  async function token(who: string, project: string): Promise<string> {
    const scope = `repository:${project}/app:pull,push,delete`;
    const as = who === "anonymous" ? null : { name: named(who, project), password };
    const answer = await berth.fetch(`/service/token?service=harbor-registry&scope=${scope}`, { as });
    return ((await answer.json()) as { token: string }).token;
  }

  const tried = [
    ["pull", "GET", "/manifests/none", 404],
    ["push", "POST", "/blobs/uploads/", 202],
    ["delete", "DELETE", `/manifests/sha256:${"0".repeat(64)}`, 404],
  ] as const;

  for (const [who, { hidden, open }] of Object.entries(rights)) {
    for (const [project, allowed] of [
      ["hidden", hidden],
      ["open", open],
    ] as const) {
      test(`${who} in the ${project} project: ${allowed || "nothing"}`, async () => {
        const authorization = `Bearer ${await token(who, project)}`;
        const done: string[] = [];
        for (const [action, method, path, status] of tried) {
          const answer = await berth.fetch(`/v2/${project}/app${path}`, {
            method,
            as: null,
            headers: { authorization },
          });
          await answer.arrayBuffer();
          if (answer.status === status) done.push(action);
          else expect(answer.status).toBe(401);
        }
        expect(done.join(" ")).toBe(allowed);
      });
    }
  }

  test("a role that is taken away ends the rights of a token already handed out", async () => {
    const developer = await addMember(berth, "library", "developer");
    const granted = await berth.fetch(
      "/service/token?service=harbor-registry&scope=repository:library/x:pull,push",
      {
        as: { name: "developer-of-library", password },
      },
    );
    const { token } = (await granted.json()) as { token: string };
    const push = () =>
      berth.fetch("/v2/library/x/blobs/uploads/", {
        method: "POST",
        as: null,
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await push()).status).toBe(202);
    const { items } = await berth.client().members.list({ project_name_or_id: "library" });
    const mid = items.find((member) => member.entity_id === developer.id)?.id ?? 0;
    await berth.client().members.remove({ project_name_or_id: "library", mid });
    expect((await push()).status).toBe(401);
  });

  test("nobody raises or ends their own membership", async () => {
    const admin = await berth.signIn("projectadmin-of-hidden", password);
    const { items } = await berth.client(admin).members.list({ project_name_or_id: "hidden" });
    const mine = items.find((member) => member.entity_name === "projectadmin-of-hidden")?.id ?? 0;
    const update = berth
      .client(admin)
      .members.update({ project_name_or_id: "hidden", mid: mine, role_id: 2 });
    await expect(update).rejects.toMatchObject({ code: "FORBIDDEN" });
    const remove = berth.client(admin).members.remove({ project_name_or_id: "hidden", mid: mine });
    await expect(remove).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("a member of another project cannot be changed by its number", async () => {
    const admin = await berth.signIn("projectadmin-of-hidden", password);
    const { items } = await berth.client().members.list({ project_name_or_id: "open" });
    const update = berth
      .client(admin)
      .members.update({ project_name_or_id: "hidden", mid: items[0]?.id ?? 0, role_id: 1 });
    await expect(update).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("who has many projects in sight can ask for the own ones, or for the others", async () => {
    const own = await addUser(berth, "asks-for-own");
    const client = berth.client(own);
    await client.projects.create({ project_name: "asked-for" });
    const names = async (member: boolean): Promise<string[]> =>
      (await client.projects.list({ member, page_size: 100 })).items.map(({ name }) => name);
    expect(await names(true)).toEqual(["asked-for"]);
    expect(await names(false)).toContain("library");
    expect(await names(false)).not.toContain("asked-for");
    const stranger = await berth.fetch("/api/v2.0/projects?member=true", { as: null });
    expect(await stranger.json()).toEqual([]);
  });

  test("a stranger sees public projects only, in lists, search and statistics", async () => {
    const who: Caller = await berth.signIn("stranger", password);
    for (const caller of [who, anonymous("test")]) {
      const { items } = await berth.client(caller).projects.list({ page_size: 100 });
      expect(items.map((project) => project.name)).toEqual(["library", "open"]);
      const found = await berth.client(caller).system.search({ q: "hid" });
      expect(found.project).toEqual([]);
    }
    const counted = await berth.client(who).system.statistics({});
    expect(counted).toMatchObject({
      private_project_count: 0,
      public_project_count: 2,
      total_project_count: 0,
    });
  });
});
