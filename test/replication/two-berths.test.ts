import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { pushImage } from "../oci/images.ts";
import { addEndpoint, addRule, digestOf, ended, lastEnded, ruleOf, runRule, until } from "./rules.ts";

describe("replication between two Berths", () => {
  let here: Berth;
  let there: Berth;
  let endpoint: number;

  beforeAll(async () => {
    [here, there] = await Promise.all([startBerth(), startBerth()]);
    endpoint = await addEndpoint(here, there);
    await here.client().projects.create({ project_name: "acme", public: false });
    await here.client().projects.create({ project_name: "open", public: true });
    for (const tag of ["1.0", "1.1", "2.0-beta"]) await pushImage(here, "acme/app", tag, tag);
    await pushImage(here, "acme/tools/build", "latest", "build");
    await pushImage(here, "open/site", "latest", "site");
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });

  test("copies a project by hand, a job for each repository, and makes it there as closed as here", async () => {
    const rule = await addRule(here, endpoint, { project_name: "acme" });
    const run = await runRule(here, rule);
    expect(run).toMatchObject({ status: "Succeed", trigger: "manual", total: 2, succeed: 2, failed: 0 });
    expect(run.bytes).toBeGreaterThan(0);
    for (const tag of ["1.0", "1.1", "2.0-beta"]) {
      expect(await digestOf(there, "acme/app", tag)).toBe(await digestOf(here, "acme/app", tag));
    }
    expect(await digestOf(there, "acme/tools/build", "latest")).not.toBeNull();
    expect(await digestOf(there, "open/site", "latest")).toBeNull();
    const project = await there.client().projects.get({ project_name_or_id: "acme" });
    expect(project.metadata.public).toBe("false");
    const { items } = await here.client().tasks.list({ id: run.id });
    expect(
      items.map(({ src_resource, dst_resource, status }) => [src_resource, dst_resource, status]),
    ).toEqual([
      ["acme/app:[1.0,1.1,2.0-beta]", `${new URL(there.url).host}/acme/app:[1.0,1.1,2.0-beta]`, "Succeed"],
      ["acme/tools/build:[latest]", `${new URL(there.url).host}/acme/tools/build:[latest]`, "Succeed"],
    ]);
  });

  test("copies nothing twice when nothing has changed", async () => {
    const rule = await addRule(here, endpoint, { project_name: "acme" });
    expect(await runRule(here, rule)).toMatchObject({ status: "Succeed", total: 2, bytes: 0 });
  });

  test("says so when there is nothing to copy", async () => {
    const rule = await addRule(here, endpoint, { filters: [{ type: "name", value: "none/**" }] });
    expect(await runRule(here, rule)).toMatchObject({
      status: "Succeed",
      total: 0,
      status_text: "no resources need to be replicated",
    });
  });

  test("chooses by name and tag, and lays what it copies under another name", async () => {
    const rule = await addRule(here, endpoint, {
      filters: [
        { type: "name", value: "{acme,open}/{app,site}" },
        { type: "tag", value: "*-beta", decoration: "excludes" },
        { type: "tag", value: "{1.*,2.*}" },
      ],
      dest_namespace: "mirror/team",
      dest_namespace_replace_count: 1,
    });
    expect(await runRule(here, rule)).toMatchObject({ status: "Succeed", total: 1 });
    const tags = await there.fetch("/v2/mirror/team/app/tags/list");
    expect(await tags.json()).toMatchObject({ tags: ["1.0", "1.1"] });
  });

  test("fetches from the other side, by its own project", async () => {
    await pushImage(there, "library/far", "1", "far");
    await here.client().projects.create({ project_name: "fetched" });
    const rule = await addRule(here, endpoint, {
      src_registry: { id: endpoint },
      project_name: "fetched",
      filters: [{ type: "name", value: "library/**" }],
    });
    expect(await ruleOf(here, rule)).toMatchObject({ dest_namespace: "fetched", dest_registry: { id: 0 } });
    expect(await runRule(here, rule)).toMatchObject({ status: "Succeed", total: 1 });
    expect(await digestOf(here, "fetched/far", "1")).toBe(await digestOf(there, "library/far", "1"));
  });

  test("copies all at once when it is enabled, and follows each push within two seconds", async () => {
    const rule = await addRule(here, endpoint, {
      project_name: "open",
      trigger: { type: "event_based" },
      deletion: true,
      enabled: false,
    });
    await here.client().replication.enable({ id: rule, enabled: true });
    expect(await lastEnded(here, rule)).toMatchObject({
      trigger: "event_based",
      status: "Succeed",
      total: 1,
    });
    const pushed = Date.now();
    const image = await pushImage(here, "open/fresh", "1", "fresh");
    await until(async () => (await digestOf(there, "open/fresh", "1")) === image.digest);
    expect(Date.now() - pushed).toBeLessThan(2000);
    expect((await there.client().projects.get({ project_name_or_id: "open" })).metadata.public).toBe("true");
  });

  test("takes a tag, an artifact and a repository away there when they are deleted here", async () => {
    const [first] = (await here.client().replication.list({ project_name: "open" })).items;
    expect(first?.deletion).toBe(true);
    const which = { project_name: "open", repository_name: "gone" };
    const image = await pushImage(here, "open/gone", "a", "gone");
    await pushImage(here, "open/gone", "b", "gone");
    await pushImage(here, "open/gone", "c", "else");
    await until(async () => (await digestOf(there, "open/gone", "c")) !== null);
    await here.client().artifacts.removeTag({ ...which, reference: "a", tag_name: "a" });
    await until(async () => (await digestOf(there, "open/gone", "a")) === null);
    expect(await digestOf(there, "open/gone", "b")).toBe(image.digest);
    await here.client().artifacts.remove({ ...which, reference: image.digest });
    await until(async () => (await digestOf(there, "open/gone", image.digest)) === null);
    expect(await digestOf(there, "open/gone", "c")).not.toBeNull();
    await here.client().repositories.remove(which);
    await until(
      async () =>
        (await there.client().repositories.list({ project_name: "open", q: "name=open/gone" })).total === 0,
    );
  });

  test("gathers a push of many tags into few runs", async () => {
    const [rule] = (await here.client().replication.list({ project_name: "open" })).items;
    const before = (await here.client().executions.list({ policy_id: rule?.id })).total;
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => pushImage(here, `open/many${n % 4}`, `t${n}`, `many ${n}`)),
    );
    await until(async () => (await digestOf(there, "open/many3", "t19")) !== null);
    await until(async () => (await ruleOf(here, rule?.id ?? 0)).active_jobs === 0);
    for (let n = 0; n < 20; n += 1)
      expect(await digestOf(there, `open/many${n % 4}`, `t${n}`)).not.toBeNull();
    expect((await here.client().executions.list({ policy_id: rule?.id })).total - before).toBeLessThan(10);
  });

  test("what comes in by one rule goes on by the next, and a circle of rules comes to rest", async () => {
    const back = await addEndpoint(there, here, "back");
    await addRule(there, back, {
      filters: [{ type: "name", value: "open/**" }],
      trigger: { type: "event_based" },
    });
    const image = await pushImage(there, "open/round", "1", "round");
    await until(async () => (await digestOf(here, "open/round", "1")) === image.digest);
    const runs = async (): Promise<number> =>
      (await here.client().executions.list({})).total + (await there.client().executions.list({})).total;
    const rest = await until(async () => {
      const before = await runs();
      await new Promise((done) => setTimeout(done, 1000));
      return (await runs()) === before && before;
    });
    expect(rest).toBeLessThan(60);
  });

  test("writes down what a job did", async () => {
    const [run] = (await here.client().executions.list({})).items;
    const id = run?.id ?? 0;
    await ended(here, id);
    const [task] = (await here.client().tasks.list({ id })).items;
    const log = await here.client().tasks.log({ id, task_id: task?.id ?? 0 });
    expect(log).toContain("of this registry goes to");
    expect(log).toMatch(/^\d{4}-\d\d-\d\dT.*done$/m);
  });
});
