import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith, locate } from "../parts.ts";
import { openDockerEngine, type DockerEngine } from "./docker-engine.ts";
import { printed, refusal } from "./outcomes.ts";

// The engine packs and unpacks every layer, beside other suites that keep the disk busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

describeWith(["docker", "dockerd"], "docker", () => {
  let berth: Berth;
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await openDockerEngine();
    berth = await startBerth();
    const { address, admin } = berth;
    const login = ["login", "--username", admin.name, "--password-stdin", address];
    await printed(engine.dockerWith({ input: admin.password }, ...login));
  });

  afterAll(async () => {
    await engine?.close();
    await berth?.close();
  });

  const does = (...args: string[]): Promise<string> => printed(engine.docker(...args));
  const named = (name: string): string => `${berth.address}/${name}`;
  const idOf = (image: string): Promise<string> => does("image", "inspect", "--format", "{{.Id}}", image);
  const digestIn = (output: string): string => /digest: (sha256:[0-9a-f]{64})/.exec(output)?.[1] ?? "";

  async function removeLocally(...images: string[]): Promise<void> {
    await does("rmi", "--force", ...images);
  }

  test("signs in with the right password, and is refused in words with a wrong one", async () => {
    const { address, admin } = berth;
    const login = ["login", "--username", admin.name, "--password-stdin", address];
    const env = { DOCKER_CONFIG: join(engine.config, "second") };
    const wrong = await refusal(engine.dockerWith({ env, input: "Harbor-54321" }, ...login));
    expect(wrong).toContain("unauthorized: the name or the password is not right");
    const right = await printed(engine.dockerWith({ env, input: admin.password }, ...login));
    expect(right).toContain("Login Succeeded");
  });

  test("pushes an image, and pulls it by tag and by digest after it was removed", async () => {
    const image = named("library/tiny:1");
    await engine.importImage(image, { hello: "hello" });
    const id = await idOf(image);
    const digest = digestIn(await does("push", image));
    const byDigest = `${named("library/tiny")}@${digest}`;

    await removeLocally(id);
    expect(await does("pull", image)).toContain("Downloaded newer image");
    expect(await idOf(image)).toBe(id);
    await removeLocally(id);
    await does("pull", byDigest);
    expect(await idOf(byDigest)).toBe(id);
  });

  test("pushes seven layers, and sends none of them twice", async () => {
    const image = named("library/seven:1");
    await engine.multiLayerImage(image, 7);
    const first = await does("push", image);
    expect(first.match(/: Pushed/g)).toHaveLength(7);
    await does("tag", image, named("library/seven:2"));
    const again = await does("push", named("library/seven:2"));
    expect(again.match(/: Layer already exists/g)).toHaveLength(7);
    expect(digestIn(again)).toBe(digestIn(first));

    const id = await idOf(image);
    await removeLocally(id);
    await does("pull", named("library/seven:2"));
    expect(await idOf(named("library/seven:2"))).toBe(id);
  });

  test("mounts layers that another repository has, of the same project and of another", async () => {
    await berth.client().projects.create({ project_name: "other" });
    const image = named("library/shared:1");
    await engine.multiLayerImage(image, 3);
    await does("push", image);
    for (const target of ["library/copy", "other/copy"]) {
      await does("tag", image, named(`${target}:1`));
      const pushed = await does("push", named(`${target}:1`));
      expect(pushed.match(/: Mounted from (library\/(shared|copy))/g)).toHaveLength(3);
    }
  });

  test("what docker pushed is listed with its tags", async () => {
    for (const tag of ["1", "1.1", "latest"]) {
      await engine.importImage(named(`library/listed:${tag}`), { hello: "listed" });
      await does("push", named(`library/listed:${tag}`));
    }
    const listed = await berth.fetch("/v2/library/listed/tags/list");
    expect(await listed.json()).toEqual({ name: "library/listed", tags: ["1", "1.1", "latest"] });

    const about = { project_name: "library", repository_name: "listed" };
    const { items, total } = await berth.client().artifacts.list(about);
    expect(total).toBe(1);
    expect(items[0]?.tags.map(({ name }) => name).sort()).toEqual(["1", "1.1", "latest"]);
    expect(items[0]).toMatchObject({ type: "IMAGE", extra_attrs: { architecture: "amd64", os: "linux" } });
  });

  test("pushes a list of images for two platforms, and pulls the one for its own", async () => {
    const list = named("library/multi:1");
    const images = { amd64: named("library/multi:amd64"), arm64: named("library/multi:arm64") };
    for (const [architecture, image] of Object.entries(images)) {
      await engine.importImage(image, { architecture });
      await does("push", image);
    }
    await does("manifest", "create", "--insecure", list, ...Object.values(images));
    await does("manifest", "annotate", "--arch", "arm64", list, images.arm64);
    const pushed = await does("manifest", "push", "--insecure", list);
    expect(pushed).toMatch(/sha256:[0-9a-f]{64}$/);

    const inspected: unknown = JSON.parse(await does("manifest", "inspect", "--insecure", list));
    const platforms = [{ platform: { architecture: "amd64" } }, { platform: { architecture: "arm64" } }];
    expect(inspected).toMatchObject({ manifests: platforms });
    const own = await idOf(images.amd64);
    await removeLocally(...Object.values(images));
    await does("pull", "--platform", "linux/amd64", list);
    expect(await idOf(list)).toBe(own);
  });

  test("pulls after the registry was stopped and started again", async () => {
    const image = named("library/kept:1");
    await engine.multiLayerImage(image, 3, 100_000);
    const id = await idOf(image);
    await does("push", image);
    await removeLocally(image);
    await berth.restart();
    await does("pull", image);
    expect(await idOf(image)).toBe(id);
  });

  test(
    "a push that was killed half way leaves no tag, and the next one ends whole",
    { timeout: 60_000 },
    async () => {
      const image = named("library/large:1");
      await engine.multiLayerImage(image, 2, 24 * 2 ** 20);
      const id = await idOf(image);
      const before = await bytesIn(berth.dataDir);
      const env = { ...process.env, DOCKER_HOST: engine.host, DOCKER_CONFIG: engine.config };
      const push = spawn(locate("docker"), ["push", image], { env, stdio: "ignore" });
      const ended = once(push, "exit");
      while (push.exitCode === null && (await bytesIn(berth.dataDir)) < before + 4 * 2 ** 20) await sleep(20);
      push.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
      expect((await berth.fetch("/v2/library/large/manifests/1")).status).toBe(404);

      await does("push", image);
      await removeLocally(image);
      await does("pull", image);
      expect(await idOf(image)).toBe(id);
    },
  );
});

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  // A file may be renamed between the listing and the look.
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
