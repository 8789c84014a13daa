import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Execution, ReplicationTask } from "../../registry/contract/executions.ts";
import { startBerth, type Berth } from "../harness.ts";
import {
  configType,
  describe as described,
  imageType,
  layerType,
  pushBlob,
  pushImage,
  putManifest,
} from "../oci/images.ts";
import { addUser, password } from "../people.ts";
import { addEndpoint, addRule, digestOf, ended, lastEnded, ruleOf, runRule, until } from "./rules.ts";
import { behindWire, wireToBerth, type Wire } from "./wire.ts";

/** Pushes an image with one layer of that many bytes. */
async function pushBig(berth: Berth, name: string, bytes: number): Promise<void> {
  const [configuration, layer] = [
    JSON.stringify({ architecture: "amd64", os: "linux", name }),
    randomBytes(bytes),
  ];
  for (const blob of [configuration, layer]) await pushBlob(berth, name, blob);
  const [config, layers] = [described(configType, configuration), [described(layerType, layer)]];
  await putManifest(berth, `${name}/manifests/1`, { schemaVersion: 2, mediaType: imageType, config, layers });
}

describe("runs of a rule", () => {
  let here: Berth;
  let there: Berth;
  let wire: Wire;
  let endpoint: number;

  beforeAll(async () => {
    [here, there] = await Promise.all([startBerth(), startBerth(behindWire)]);
    wire = await wireToBerth(there);
    endpoint = await addEndpoint(here, there);
    for (const name of ["one", "two", "three"]) {
      await here.client().projects.create({ project_name: name });
      await pushBig(here, `${name}/app`, 8_000_000);
    }
  });
  afterAll(async () => {
    await here.close();
    await wire.close();
    await there.close();
  });

  const start = async (policy_id: number): Promise<number> =>
    Number((await here.client().executions.start({ policy_id })).id);
  const tasksOf = async (id: number): Promise<ReplicationTask[]> =>
    (await here.client().tasks.list({ id })).items;
  const taskOf = async (id: number): Promise<ReplicationTask> => until(async () => (await tasksOf(id))[0]);

  test("wait when the endpoint goes away, say so, and go on at once when it is back", async () => {
    const rule = await addRule(here, endpoint, { project_name: "one" });
    wire.cut({ up: 3_000_000 });
    const id = await start(rule);
    await until(async () => wire.up > 3_000_000);
    const heard: string[] = [];
    const caller = await here.signIn(here.admin.name, here.admin.password);
    const deaf = here.registry.subscribe(
      () => Promise.resolve(caller),
      ({ name, registry_id }) => heard.push(`${name} ${registry_id}`),
    );
    await wire.off();
    const waiting = await until(async () => {
      const task = await taskOf(id);
      return task.retry_at !== undefined && task;
    });
    expect(waiting).toMatchObject({
      status: "InProgress",
      attempts: 1,
      reason: expect.stringContaining("") as string,
    });
    expect(Date.parse(waiting.retry_at ?? "")).toBeGreaterThan(Date.now() + 20_000);
    expect((await ruleOf(here, rule)).state).toBe("retrying");
    await until(async () => (await here.client().registries.get({ id: endpoint })).status === "unhealthy");
    await wire.on();
    const back = Date.now();
    expect(await ended(here, id)).toMatchObject({ status: "Succeed", succeed: 1 });
    expect(Date.now() - back).toBeLessThan(15_000);
    expect((await here.client().registries.get({ id: endpoint })).status).toBe("healthy");
    deaf();
    expect(heard.filter((event) => event === `registry.changed ${endpoint}`)).toHaveLength(2);
    expect(await digestOf(there, "one/app", "1")).toBe(await digestOf(here, "one/app", "1"));
    // Nor are bytes sent twice that had arrived: a little was on its way when the line broke.
    expect((await taskOf(id)).progress.sent_bytes).toBeLessThan(9_500_000);
  });

  test("go on where they were when the sender stops and starts again", async () => {
    const rule = await addRule(here, endpoint, { project_name: "two", speed: 16_000 });
    const id = await start(rule);
    const half = await until(async () => {
      const task = await taskOf(id);
      return task.progress.sent_bytes > 1_000_000 && task;
    });
    expect(half.status).toBe("InProgress");
    expect(half.progress.total_bytes).toBeGreaterThan(8_000_000);
    expect(await here.client().tasks.log({ id, task_id: half.id })).toContain(
      "two/app of this registry goes to",
    );
    await here.restart();
    expect(await ended(here, id)).toMatchObject({ status: "Succeed" });
    expect(await digestOf(there, "two/app", "1")).toBe(await digestOf(here, "two/app", "1"));
    const done = await taskOf(id);
    expect(done.progress).toMatchObject({ done_items: done.progress.total_items });
    expect(done.progress.done_bytes).toBe(done.progress.total_bytes);
  });

  test("are stopped, all or one job, and tried again", async () => {
    const rule = await addRule(here, endpoint, { project_name: "three", speed: 16_000 });
    const id = await start(rule);
    const task = await until(async () => {
      const found = await taskOf(id);
      return found.progress.sent_bytes > 0 && found;
    });
    await here.client().tasks.stop({ id, task_id: task.id });
    expect(await here.client().executions.get({ id })).toMatchObject({ status: "Stopped", stopped: 1 });
    // Stopping what is over changes nothing. Harbor: replication 6.5.
    await here.client().executions.stop({ id });
    await here.client().tasks.retry({ id, task_id: task.id });
    await until(async () => (await taskOf(id)).status === "InProgress");
    await here.client().executions.stop({ id });
    expect(await here.client().executions.get({ id })).toMatchObject({ status: "Stopped", stopped: 1 });
    expect(await digestOf(there, "three/app", "1")).toBeNull();

    await here.client().replication.enable({ id: rule, enabled: false });
    const off = { code: "PRECONDITION" };
    await expect(here.client().executions.retry({ id })).rejects.toMatchObject(off);
    await expect(here.client().tasks.retry({ id, task_id: task.id })).rejects.toMatchObject(off);
    await here.client().replication.enable({ id: rule, enabled: true });
    await here.client().executions.retry({ id });
    expect(await ended(here, id)).toMatchObject({ status: "Succeed", succeed: 1, stopped: 0 });
    await expect(here.client().executions.retry({ id })).rejects.toMatchObject(off);
    await here.client().tasks.remove({ id, task_id: task.id });
    expect(await tasksOf(id)).toEqual([]);
    await expect(here.client().tasks.log({ id, task_id: task.id })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("end when their rule is disabled", async () => {
    await here.client().projects.create({ project_name: "slow" });
    await pushBig(here, "slow/app", 2_000_000);
    const rule = await addRule(here, endpoint, { project_name: "slow", speed: 800 });
    const id = await start(rule);
    await until(async () => (await taskOf(id)).status === "InProgress");
    await expect(here.client().tasks.remove({ id, task_id: (await taskOf(id)).id })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    await here.client().replication.enable({ id: rule, enabled: false });
    expect((await here.client().executions.get({ id })).status).toBe("Stopped");
    await here.client().replication.remove({ id: rule });
  });

  test("fail at once where there is no right to write, with that reason, and are tried again on demand", async () => {
    await there.client().projects.create({ project_name: "closed" });
    await addUser(there, "guest");
    const { id: guest } = await here.client().registries.create({
      name: "as a guest",
      url: wire.url,
      type: "berth",
      credential: { access_key: "guest", access_secret: password },
    });
    await here.client().projects.create({ project_name: "closed" });
    await pushImage(here, "closed/app", "1", "closed");
    await pushImage(here, "closed/tool", "1", "tool");
    const rule = await addRule(here, Number(guest), { project_name: "closed" });
    const run = await runRule(here, rule);
    expect(run).toMatchObject({ status: "Failed", failed: 2, succeed: 0 });
    const [task] = await tasksOf(run.id);
    expect(task).toMatchObject({ status: "Failed", attempts: 1 });
    expect(task?.reason).toMatch(/closed/);
    expect((await ruleOf(here, rule)).state).toBe("failing");

    const user = (await there.client().users.list({})).items.find(({ username }) => username === "guest");
    await there.client().members.create({
      project_name_or_id: "closed",
      role_id: 2,
      member_user: { user_id: user?.user_id ?? 0 },
    });
    await here.client().executions.retry({ id: run.id });
    expect(await ended(here, run.id)).toMatchObject({ status: "Succeed", succeed: 2, failed: 0 });
    expect((await ruleOf(here, rule)).state).toBe("idle");
  });

  test("fail at last where a rule limits how often trouble is tried again", async () => {
    const rule = await addRule(here, endpoint, { project_name: "one", retry_limit: 1 });
    await wire.off();
    const id = await start(rule);
    await until(async () => (await taskOf(id)).retry_at !== undefined);
    await here.client().tasks.retry({ id, task_id: (await taskOf(id)).id });
    const run = await ended(here, id);
    await wire.on();
    expect(run).toMatchObject({ status: "Failed", failed: 1 });
    expect((await taskOf(id)).attempts).toBe(2);
  });

  test("wait with their listing too, when it is the source that is away", async () => {
    const rule = await addRule(here, endpoint, {
      src_registry: { id: endpoint },
      filters: [{ type: "name", value: "one/**" }],
      dest_namespace: "library",
    });
    await wire.off();
    const id = await start(rule);
    await until(async () => (await ruleOf(here, rule)).state === "retrying");
    expect(await here.client().executions.get({ id })).toMatchObject({ status: "InProgress", total: 0 });
    await wire.on();
    expect(await ended(here, id)).toMatchObject({ status: "Succeed", total: 1 });
  });

  test("of a rule for one at a time are skipped while another is at it", async () => {
    const rule = await addRule(here, endpoint, { project_name: "one", single_active_replication: true });
    await wire.off();
    const id = await start(rule);
    const second = await here.client().executions.get({ id: await start(rule) });
    expect(second).toMatchObject({ status: "Failed", status_text: "skipped because active", total: 0 });
    await until(async () => (await taskOf(id)).retry_at !== undefined);
    await wire.on();
    // As when the computer has a network again.
    here.registry.wake();
    expect((await ended(here, id)).status).toBe("Succeed");
  });

  test("are found by rule, status and trigger, and the newest fifty are kept", async () => {
    const rule = await addRule(here, endpoint, { filters: [{ type: "name", value: "none/**" }] });
    for (let n = 0; n < 52; n += 1) await start(rule);
    await lastEnded(here, rule);
    await until(async () => (await ruleOf(here, rule)).state === "idle");
    await start(rule);
    const list = (more: object) =>
      here.client().executions.list({ policy_id: rule, page_size: 100, ...more });
    await until(async () => (await list({})).total === 50);
    const ids = (await list({})).items.map((run: Execution) => run.id);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect((await list({ trigger: "scheduled" })).total).toBe(0);
    await until(async () => (await list({ status: "Succeed" })).total === 50);
    expect((await list({ status: "Failed" })).total).toBe(0);
  });

  test("have jobs that are found by repository, status and time over all runs of the rule", async () => {
    const [rule] = (await here.client().replication.list({ project_name: "closed" })).items;
    const list = async (more: object) =>
      (await here.client().tasks.ofPolicy({ id: rule?.id ?? 0, ...more })).items;
    expect((await list({})).map(({ references }) => references)).toEqual([["1"], ["1"]]);
    expect(await list({ repository: "tool" })).toHaveLength(1);
    expect(await list({ status: "Succeed" })).toHaveLength(2);
    expect(await list({ status: "Failed" })).toHaveLength(0);
    expect(await list({ from_time: new Date(Date.now() + 60_000).toISOString() })).toHaveLength(0);
    expect(await list({ to_time: new Date().toISOString() })).toHaveLength(2);
  });
});
