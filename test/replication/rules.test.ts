import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { pushImage } from "../oci/images.ts";
import { addEndpoint, addRule, lastEnded, ruleOf, until } from "./rules.ts";

describe("replication rules", () => {
  let berth: Berth;
  let other: Berth;
  let endpoint: number;

  beforeAll(async () => {
    [berth, other] = await Promise.all([startBerth(), startBerth()]);
    endpoint = await addEndpoint(berth, other);
    await pushImage(berth, "library/app", "1");
  });
  afterAll(async () => {
    await berth.close();
    await other.close();
  });

  const api = () => berth.client().replication;
  const scheduled = (cron: string) => ({ type: "scheduled" as const, trigger_settings: { cron } });

  test("read as they were written, with Harbor's words", async () => {
    const filters = [
      { type: "name" as const, value: "library/**" },
      { type: "tag" as const, value: "v*", decoration: "excludes" as const },
      { type: "platform" as const, value: ["linux/amd64"] },
    ];
    const id = await addRule(berth, endpoint, {
      name: "whole",
      filters,
      trigger: scheduled("0 30 2 * * *"),
      replicate_deletion: true,
      speed: 512,
    });
    expect(await ruleOf(berth, id)).toMatchObject({
      name: "whole",
      src_registry: { id: 0, name: "Local" },
      dest_registry: { id: endpoint, name: "other", type: "berth" },
      filters,
      trigger: { type: "scheduled", trigger_settings: { cron: "0 30 2 * * *" } },
      deletion: true,
      replicate_deletion: true,
      override: true,
      speed: 512,
      state: "idle",
      active_jobs: 0,
      next_time: expect.stringMatching(/T02:30:00.000Z$/) as string,
    });
  });

  test.each([
    ["no endpoint", { dest_registry: null }, "BAD_REQUEST"],
    ["two endpoints", { src_registry: { id: 1 }, dest_registry: { id: 1 } }, "BAD_REQUEST"],
    ["an endpoint that is not there", { dest_registry: { id: 99 } }, "NOT_FOUND"],
    ["a project that is not there", { project_name: "none" }, "NOT_FOUND"],
    ["five fields of a schedule", { trigger: scheduled("0 2 * * *") }, "BAD_REQUEST"],
    ["seconds in a schedule", { trigger: scheduled("5 0 2 * * *") }, "BAD_REQUEST"],
    ["every minute", { trigger: scheduled("0 * * * * *") }, "BAD_REQUEST"],
    ["an hour that is none", { trigger: scheduled("0 0 25 * * *") }, "BAD_REQUEST"],
    ["a day that never comes", { trigger: scheduled("0 0 0 31 2 *") }, "BAD_REQUEST"],
    ["no schedule", { trigger: { type: "scheduled" as const } }, "BAD_REQUEST"],
    [
      "events of another registry",
      { src_registry: { id: 1 }, dest_registry: null, trigger: { type: "event_based" as const } },
      "BAD_REQUEST",
    ],
    [
      "events one run at a time",
      { trigger: { type: "event_based" as const }, single_active_replication: true },
      "BAD_REQUEST",
    ],
    ["a namespace that is no path", { dest_namespace: "Team/" }, "BAD_REQUEST"],
    [
      "a decorated name",
      { filters: [{ type: "name" as const, value: "a/**", decoration: "excludes" as const }] },
      "BAD_REQUEST",
    ],
    ["a kind of resource", { filters: [{ type: "resource" as const, value: "chart" }] }, "BAD_REQUEST"],
    ["a platform", { filters: [{ type: "platform" as const, value: ["arm64"] }] }, "BAD_REQUEST"],
    ["a list for a tag", { filters: [{ type: "tag" as const, value: ["a"] }] }, "BAD_REQUEST"],
    [
      "too many alternatives",
      { filters: [{ type: "tag" as const, value: "{a,b}".repeat(20) }] },
      "BAD_REQUEST",
    ],
    [
      "another project's namespace",
      { src_registry: { id: 1 }, dest_registry: null, project_name: "library", dest_namespace: "else" },
      "BAD_REQUEST",
    ],
  ])("are refused for %s", async (_, draft, code) => {
    const made = api().create({ name: "bad", dest_registry: { id: endpoint }, ...draft });
    await expect(made).rejects.toMatchObject({ code });
  });

  test("have names of their own", async () => {
    await addRule(berth, endpoint, { name: "twice" });
    await expect(addRule(berth, endpoint, { name: "twice" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("are changed only while they are off, but can always be switched", async () => {
    const draft = { name: "switched", dest_registry: { id: endpoint }, project_name: "library" };
    const id = await addRule(berth, endpoint, draft);
    await expect(api().update({ id, ...draft, description: "new" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: "rule switched is enabled: disable it first, then change it",
    });
    await api().update({ id, ...draft });
    await api().update({ id, ...draft, enabled: false });
    expect(await ruleOf(berth, id)).toMatchObject({ enabled: false, state: "disabled" });
    await api().update({ id, ...draft, description: "new", enabled: true });
    expect(await ruleOf(berth, id)).toMatchObject({ enabled: true, description: "new" });
    await api().enable({ id, enabled: 0 });
    expect((await ruleOf(berth, id)).enabled).toBe(false);
  });

  test("that are off run nothing, and are deleted with all their runs", async () => {
    const id = await addRule(berth, endpoint, { name: "short" });
    await berth.client().executions.start({ policy_id: id });
    const run = await lastEnded(berth, id);
    await expect(api().remove({ id })).rejects.toMatchObject({ code: "PRECONDITION" });
    await api().enable({ id, enabled: false });
    await expect(berth.client().executions.start({ policy_id: id })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    await api().remove({ id });
    await expect(berth.client().executions.get({ id: run.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await berth.client().executions.list({ policy_id: id })).total).toBe(0);
  });

  test("keep their project, and their endpoint's name, in view", async () => {
    await berth.client().projects.create({ project_name: "held" });
    const id = await addRule(berth, endpoint, { name: "holder", project_name: "held" });
    const { items, total } = await api().list({ project_name: "held" });
    expect([total, items[0]?.id]).toEqual([1, id]);
    const deletable = await berth.client().projects.deletable({ project_name_or_id: "held" });
    expect(deletable.message).toBe("project held has replication rules: delete holder first");
    await expect(berth.client().projects.remove({ project_name_or_id: "held" })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
  });

  test("are shown before they are made: what goes where, and what collides", async () => {
    await berth.client().projects.create({ project_name: "team" });
    await pushImage(berth, "team/app", "2");
    await pushImage(berth, "team/deep/app", "2");
    const seen = await api().preview({
      dest_registry: { id: endpoint },
      dest_namespace: "mirror",
      dest_namespace_replace_count: -1,
      filters: [{ type: "name", value: "{library,team}/**" }],
    });
    expect(seen.total).toBe(3);
    expect(seen.repositories[0]).toEqual({ source: "library/app", destination: "mirror/app", references: 1 });
    expect(seen.warnings).toEqual([
      "library/app, team/app, team/deep/app all become mirror/app: of a tag that several have, one stays",
    ]);
    const deep = await api().preview({
      dest_registry: { id: endpoint },
      dest_namespace: "n",
      dest_namespace_replace_count: 2,
    });
    expect([deep.total, deep.warnings[0]]).toEqual([
      1,
      "library/app has one part before its name, so 2 cannot be replaced by n",
    ]);
  });

  test("whose paths are too short copy the others, and fail in words", async () => {
    const id = await addRule(berth, endpoint, {
      dest_namespace: "n",
      dest_namespace_replace_count: 2,
      filters: [{ type: "name", value: "team/**" }],
    });
    await berth.client().executions.start({ policy_id: id });
    expect(await lastEnded(berth, id)).toMatchObject({
      status: "Failed",
      status_text: "team/app has one part before its name, so 2 cannot be replaced by n",
      total: 1,
      succeed: 1,
    });
    expect((await ruleOf(berth, id)).state).toBe("failing");
    expect((await api().overview({})).failing).toBe(1);
  });

  test("hold still while replication is paused, over a restart too, and then go on", async () => {
    await api().pause({ paused: true });
    const id = await addRule(berth, endpoint, { trigger: { type: "event_based" }, project_name: "library" });
    await pushImage(berth, "library/late", "1", "late");
    await until(async () => (await berth.client().executions.list({ policy_id: id })).total === 2);
    await berth.restart();
    expect(await api().overview({})).toMatchObject({ paused: true, running: 0, waiting: 1 });
    await api().pause({ paused: false });
    await until(async () => (await ruleOf(berth, id)).active_jobs === 0);
    await until(async () => (await other.fetch("/v2/library/late/manifests/1")).status === 200);
  });

  test("are in the log by their names, with their endpoints and runs", async () => {
    const id = await addRule(berth, endpoint, { name: "to the other side", trigger: { type: "manual" } });
    const run = await berth.client().executions.start({ policy_id: id });
    await lastEnded(berth, id);
    await berth.client().executions.stop({ id: Number(run.id) });
    await api().enable({ id, enabled: false });
    await api().remove({ id });
    const { items } = await berth.client().audit.list({ resource: "to the other side", page_size: 20 });
    expect(
      items.map(({ operation, resource_type, resource }) => [operation, resource_type, resource]),
    ).toEqual([
      ["delete", "replication_policy", "to the other side"],
      ["update", "replication_policy", "to the other side"],
      ["stop", "replication_execution", `to the other side, run ${run.id}`],
      ["create", "replication_execution", "to the other side"],
      ["create", "replication_policy", "to the other side"],
    ]);
    const made = await berth.client().audit.list({ resource_type: "registry" });
    expect(made.items[0]).toMatchObject({ operation: "create", resource: "other" });
  });
});
