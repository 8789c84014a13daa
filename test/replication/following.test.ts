import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RegistryEvent } from "../../registry/contract/event.ts";
import { startBerth, type Berth } from "../harness.ts";
import {
  describe as described,
  emptyType,
  imageType,
  prepareImage,
  pushBlob,
  pushImage,
  putManifest,
} from "../oci/images.ts";
import { describeWith } from "../parts.ts";
import { freePort, startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { addEndpoint, addRule, digestOf, lastEnded, ruleOf, runRule, until } from "./rules.ts";

describeWith(["docker-registry"], "a rule that follows what happens, into a docker-registry", () => {
  let berth: Berth;
  let docker: DockerRegistry;
  let endpoint: number;
  let rule: number;
  let clock = 0;

  beforeAll(async () => {
    docker = await startDockerRegistry();
    berth = await startBerth({ now: () => new Date(Date.now() + clock) });
    endpoint = await addEndpoint(berth, docker.url);
    await berth.client().projects.create({ project_name: "acme" });
    rule = await addRule(berth, endpoint, {
      name: "follow",
      project_name: "acme",
      trigger: { type: "event_based" },
      filters: [{ type: "tag", value: "v*" }],
    });
    await lastEnded(berth, rule);
  });
  afterAll(async () => {
    await berth.close();
    await docker.close();
  });

  /** A signature of that digest, pushed by its digest or under a tag. */
  async function sign(subject: { digest: string; descriptor: object }, tag?: string): Promise<string> {
    await pushBlob(berth, "acme/app", "{}");
    const empty = described(emptyType, "{}");
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: imageType,
      artifactType: "application/vnd.example.signature",
      config: empty,
      layers: [empty],
      ...(tag === undefined ? { subject: subject.descriptor } : { annotations: { of: subject.digest } }),
    });
    const { digest } = described(imageType, manifest);
    const put = await putManifest(berth, `acme/app/manifests/${tag ?? digest}`, manifest);
    expect(put.status).toBe(201);
    return digest;
  }

  test("copies the tags that it chooses, and no others", async () => {
    const image = await pushImage(berth, "acme/app", "v1", "v1");
    await pushImage(berth, "acme/app", "latest", "latest");
    await until(async () => (await digestOf(docker.url, "acme/app", "v1")) === image.digest);
    await until(async () => (await ruleOf(berth, rule)).state === "idle");
    expect(await digestOf(docker.url, "acme/app", "latest")).toBeNull();
    const { total } = await berth.client().executions.list({ policy_id: rule });
    expect(total).toBe(2);
  });

  test("sends a signature after its subject, when it is made later", async () => {
    const image = await pushImage(berth, "acme/app", "v1", "v1");
    const attached = await sign(image);
    await until(async () => (await digestOf(docker.url, "acme/app", attached)) === attached);
    const tag = `${image.digest.replace(":", "-")}.sig`;
    const tagged = await sign(image, tag);
    await until(async () => (await digestOf(docker.url, "acme/app", tag)) === tagged);
  });

  test("does not send what is signed there but not chosen", async () => {
    const other = await pushImage(berth, "acme/app", "latest", "latest");
    const attached = await sign(other);
    await pushImage(berth, "acme/app", "v2", "v2");
    await until(async () => (await digestOf(docker.url, "acme/app", "v2")) !== null);
    expect(await digestOf(docker.url, "acme/app", attached)).toBeNull();
  });

  test("makes one run of what piles up while the other side is away", async () => {
    await docker.kill();
    for (const salt of ["a", "b", "c"]) {
      await pushImage(berth, "acme/pile", "v1", salt);
      await until(async () => (await ruleOf(berth, rule)).state === "retrying");
    }
    const last = await pushImage(berth, "acme/pile", "v1", "d");
    await new Promise((done) => setTimeout(done, 400));
    expect((await ruleOf(berth, rule)).active_jobs).toBe(1);
    await docker.start();
    await until(async () => (await digestOf(docker.url, "acme/pile", "v1")) === last.digest, 45_000);
  });

  test("tells the window, each thing at most twice a second", async () => {
    const heard: RegistryEvent[] = [];
    const caller = await berth.signIn(berth.admin.name, berth.admin.password);
    const deaf = berth.registry.subscribe(
      () => Promise.resolve(caller),
      (event) => heard.push(event),
    );
    const begun = Date.now();
    const run = await runRule(berth, rule);
    expect(run.status).toBe("Succeed");
    await new Promise((done) => setTimeout(done, 600));
    deaf();
    const seconds = (Date.now() - begun) / 1000;
    for (const name of ["policy.changed", "execution.changed", "task.changed"]) {
      expect(heard.some((event) => event.name === name)).toBe(true);
    }
    const [task] = (await berth.client().tasks.list({ id: run.id })).items;
    const told = heard.filter((event) => event.name === "task.changed" && event.task_id === task?.id);
    expect(told.length).toBeLessThanOrEqual(Math.ceil(seconds * 2) + 1);
    expect(told[0]).toMatchObject({ policy_id: rule, execution_id: run.id });
  });

  test("runs by the clock, and makes up once for the times that passed while the registry was off", async () => {
    const nightly = await addRule(berth, endpoint, {
      name: "nightly",
      project_name: "acme",
      trigger: { type: "scheduled", trigger_settings: { cron: "0 30 3 * * *" } },
    });
    expect((await berth.client().executions.list({ policy_id: nightly })).total).toBe(0);
    clock = 3 * 24 * 3_600_000;
    await berth.restart();
    expect(await lastEnded(berth, nightly)).toMatchObject({ trigger: "scheduled", status: "Succeed" });
    expect((await berth.client().executions.list({ policy_id: nightly })).total).toBe(1);
    clock = 0;
  });
});

describeWith(["docker-registry"], "a registry that is killed", () => {
  test("makes up for what was pushed just before, and for runs that had not ended", async () => {
    const docker = await startDockerRegistry();
    const folder = await mkdtemp(join(tmpdir(), "berth-killed-"));
    const port = await freePort();
    const program = fileURLToPath(new URL("./berth-process.ts", import.meta.url));
    const args = ["--import", "tsx", program, folder, String(port)];
    const open = () => startBerth({ dataDir: folder, listen: { host: "127.0.0.1", port } });
    let berth = await open();
    const endpoint = await addEndpoint(berth, docker.url);
    const rule = await addRule(berth, endpoint, {
      project_name: "library",
      trigger: { type: "event_based" },
    });
    await lastEnded(berth, rule);
    await berth.registry.stop();

    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    // It listens on the same port, and that is where requests go.
    await once(child.stdout, "data");
    const images = await Promise.all(
      ["1", "2", "3"].map(async (tag) => ({ tag, image: await prepareImage(berth, "library/app", tag) })),
    );
    await Promise.all(
      images.map(({ tag, image }) => putManifest(berth, `library/app/manifests/${tag}`, image.text)),
    );
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;

    berth = await open();
    for (const { tag, image } of images) {
      await until(async () => (await digestOf(docker.url, "library/app", tag)) === image.digest);
    }
    await until(async () => (await ruleOf(berth, rule)).state === "idle");
    const { total } = await berth.client().executions.list({ policy_id: rule });
    await berth.restart();
    // Nothing is made up for twice.
    expect((await berth.client().executions.list({ policy_id: rule })).total).toBe(total);
    await berth.close();
    await docker.close();
    await rm(folder, { recursive: true, force: true });
  });
});
