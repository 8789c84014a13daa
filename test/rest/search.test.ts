import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anonymous, type Caller } from "../../registry/access/caller.ts";
import { startBerth, type Berth } from "../harness.ts";
import { pushImage, type Image } from "../oci/images.ts";
import { addMember, addUser } from "../people.ts";
import { addProjectRobot, addSystemRobot, rest, type MadeRobot } from "../robots.ts";

describe("searching", () => {
  let berth: Berth;
  let image: Image;
  let stranger: Caller;
  let guest: Caller;

  beforeAll(async () => {
    berth = await startBerth();
    const { projects } = berth.client();
    await projects.create({ project_name: "harbour" });
    await projects.create({ project_name: "open-harbour", public: true });
    await projects.create({ project_name: "web" });
    image = await pushImage(berth, "harbour/web/app", "1.2.0", "first");
    await pushImage(berth, "harbour/my-app-tools", "2.0", "second");
    await pushImage(berth, "harbour/apple", "2.1", "third");
    await pushImage(berth, "open-harbour/boat", "1.2.0-rc1", "fourth");
    stranger = await addUser(berth, "stranger");
    guest = await addMember(berth, "harbour", "limitedGuest");
  });
  afterAll(() => berth.close());

  const search = (q: string, caller?: Caller) => berth.client(caller).system.search({ q });
  /** What was found, in short. */
  async function found(q: string, caller?: Caller): Promise<string[][]> {
    const { project, repository, artifact } = await search(q, caller);
    return [
      project.map(({ name }) => name),
      repository.map(({ repository_name }) => repository_name),
      artifact.map(({ repository_name, tags }) => `${repository_name}:${tags.join(",")}`),
    ];
  }
  async function foundBy(robot: MadeRobot, q: string): Promise<string[]> {
    const answer = await rest(berth, robot, "GET", `/search?q=${q}`);
    const { project, repository, artifact } = (await answer.json()) as Awaited<ReturnType<typeof search>>;
    return [
      ...project.map(({ name }) => name),
      ...repository.map(({ repository_name }) => repository_name),
      ...artifact.map(({ repository_name, tags }) => `${repository_name}:${tags.join(",")}`),
    ];
  }

  test("finds by a part of a name in any case, what is called so before what only holds it", async () => {
    expect((await found("HARB"))[0]).toEqual(["harbour", "open-harbour"]);
    expect((await found("app"))[1]).toEqual(["harbour/web/app", "harbour/apple", "harbour/my-app-tools"]);
    const { repository } = await search("harbour/web/app");
    expect(repository[0]).toEqual({
      project_id: expect.any(Number) as number,
      project_name: "harbour",
      project_public: false,
      repository_name: "harbour/web/app",
      pull_count: 0,
      artifact_count: 1,
    });
    expect(await found("nothing-of-that-name")).toEqual([[], [], []]);
    expect(await found(".*")).toEqual([[], [], []]);
  });

  test("finds an artifact by a tag, with its repository's name, and by a digest from six digits on", async () => {
    expect((await found("1.2"))[2]).toEqual(["harbour/web/app:1.2.0", "open-harbour/boat:1.2.0-rc1"]);
    expect((await found("app:1.2"))[2]).toEqual(["harbour/web/app:1.2.0"]);
    expect(await found("harbour/web/app:")).toEqual([[], ["harbour/web/app"], []]);
    const hex = image.digest.slice("sha256:".length);
    for (const q of [
      image.digest,
      hex,
      hex.slice(0, 6),
      image.digest.slice(0, 13),
      `web/app@${image.digest}`,
    ]) {
      expect((await search(q)).artifact).toEqual([
        {
          project_name: "harbour",
          repository_name: "harbour/web/app",
          digest: image.digest,
          tags: ["1.2.0"],
        },
      ]);
    }
    expect((await found(hex.slice(0, 5)))[2]).toEqual([]);
  });

  test("shows nobody what they may not see, under whatever name it is asked for", async () => {
    const hex = image.digest.slice("sha256:".length);
    for (const caller of [stranger, anonymous("test")]) {
      expect(await found("harbour", caller)).toEqual([["open-harbour"], ["open-harbour/boat"], []]);
      expect((await found("1.2", caller))[2]).toEqual(["open-harbour/boat:1.2.0-rc1"]);
      for (const q of ["web", "app", hex, image.digest, "app:1.2.0", `app@${image.digest}`]) {
        expect(await found(q, caller)).toEqual([[], [], []]);
      }
    }
    expect(await found("web", guest)).toEqual([[], ["harbour/web/app"], []]);
    expect((await found(hex, guest))[2]).toEqual(["harbour/web/app:1.2.0"]);
  });

  test("shows a robot what it was given to list, and no more", async () => {
    const pulls = await addProjectRobot(berth, "harbour", ["repository:pull"], { name: "pulls" });
    expect(await foundBy(pulls, "app")).toEqual([]);
    const lists = await addProjectRobot(berth, "harbour", ["repository:list"], { name: "lists" });
    expect(await foundBy(lists, "web")).toEqual(["harbour/web/app"]);
    expect(await foundBy(lists, "1.2.0")).toEqual(["open-harbour/boat:1.2.0-rc1"]);
    const all = await addSystemRobot(berth, "all", { "*": ["artifact:list"] });
    expect(await foundBy(all, "1.2.0")).toEqual(["harbour/web/app:1.2.0", "open-harbour/boat:1.2.0-rc1"]);
    expect(await foundBy(all, "web")).toEqual([]);
  });

  test("knows of each change at once: pushes, moved and removed tags, deletions, membership, publicity", async () => {
    const client = berth.client();
    const made = await pushImage(berth, "web/site", "live", "fifth");
    const where = { project_name: "web", repository_name: "site" };
    expect((await found("web/site"))[1]).toEqual(["web/site"]);
    expect((await found("live"))[2]).toEqual(["web/site:live"]);
    const next = await pushImage(berth, "web/site", "live", "sixth");
    expect((await search("live")).artifact.map(({ digest }) => digest)).toEqual([next.digest]);
    await client.artifacts.addTag({ ...where, reference: made.digest, name: "old-one" });
    expect((await found("old-one"))[2]).toEqual(["web/site:old-one"]);
    await client.artifacts.removeTag({ ...where, reference: made.digest, tag_name: "old-one" });
    expect((await found("old-one"))[2]).toEqual([]);
    await client.artifacts.remove({ ...where, reference: made.digest });
    expect((await search(made.digest)).artifact).toEqual([]);
    expect(await found("web/site", stranger)).toEqual([[], [], []]);
    await client.projects.update({ project_name_or_id: "web", public: true });
    expect((await found("web/site", stranger))[1]).toEqual(["web/site"]);
    await client.projects.update({ project_name_or_id: "web", public: false });
    expect(await found("live", stranger)).toEqual([[], [], []]);
    await client.repositories.remove(where);
    expect([await found("web/site"), (await found("live"))[2]]).toEqual([[[], [], []], []]);
    await client.projects.remove({ project_name_or_id: "web" });
    expect((await found("web"))[0]).toEqual([]);
  });

  test("answers the same after a restart", async () => {
    const before = [await search("app"), await search("1.2"), await search("2")];
    await berth.restart();
    const admin = await berth.signIn(berth.admin.name, berth.admin.password);
    expect([await search("app", admin), await search("1.2", admin), await search("2", admin)]).toEqual(
      before,
    );
  });

  test("answers at most fifty of a kind, the best of them", async () => {
    const { projects } = berth.client(await berth.signIn(berth.admin.name, berth.admin.password));
    for (let n = 0; n < 60; n += 1) await projects.create({ project_name: `a-many-${n}` });
    await projects.create({ project_name: "many" });
    const admin = await berth.signIn(berth.admin.name, berth.admin.password);
    const { project } = await search("many", admin);
    expect([project.length, project[0]?.name]).toEqual([50, "many"]);
  });
});
