import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDockerEngine, type DockerEngine } from "../clients/docker-engine.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { contentOf, exportArchive, filesIn, importArchive, tarOf } from "./archive.ts";

describeWith(["docker", "dockerd"], "archives of docker", () => {
  let berth: Berth;
  let engine: DockerEngine;
  let folder: string;

  beforeAll(async () => {
    [berth, engine] = [await startBerth(), await openDockerEngine()];
    folder = await mkdtemp(join(tmpdir(), "berth-archives-"));
    await berth.client().projects.create({ project_name: "shop" });
    await docker("login", "-u", "admin", "-p", berth.admin.password, berth.address);
  });

  afterAll(async () => {
    await engine?.close();
    await berth?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const at = (name: string): string => join(folder, name);
  async function docker(...args: string[]): Promise<string> {
    const { stdout, stderr, code } = await engine.docker(...args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }
  const idOf = (name: string): Promise<string> => docker("image", "inspect", "--format", "{{.Id}}", name);

  test("what docker saves comes in, two images of shared layers at once, and is pulled as the same images", async () => {
    await engine.multiLayerImage("elsewhere/app:1", 3, 100_000);
    await docker("tag", "elsewhere/app:1", "elsewhere/app:latest");
    await writeFile(at("Dockerfile"), "FROM elsewhere/app:1\nCOPY Dockerfile /\nLABEL more=yes\n");
    await docker("build", "--quiet", "-t", "registry.example.test:5000/elsewhere/team/more:2", folder);
    const names = [
      "elsewhere/app:1",
      "elsewhere/app:latest",
      "registry.example.test:5000/elsewhere/team/more:2",
    ];
    const ids = [await idOf(names[0] ?? ""), await idOf(names[2] ?? "")];
    await docker("save", "-o", at("saved.tar"), ...names);
    const { artifacts } = await importArchive(berth, "shop", await readFile(at("saved.tar")));
    expect(artifacts.map(({ repository, tags }) => [repository, tags.sort()]).sort()).toEqual([
      ["shop/app", ["1", "latest"]],
      ["shop/team/more", ["2"]],
    ]);
    await docker("rmi", "--force", ...names);
    for (const [name, id] of [
      ["app:1", ids[0]],
      ["team/more:2", ids[1]],
    ] as const) {
      await docker("pull", "--quiet", `${berth.address}/shop/${name}`);
      expect(await idOf(`${berth.address}/shop/${name}`)).toBe(id);
    }
    expect((await importArchive(berth, "shop", await readFile(at("saved.tar")))).bytes).toBe(0);
  });

  test("docker loads what is exported, though signatures and indexes lie beside the images", async () => {
    await docker("push", "--quiet", `${berth.address}/shop/app:1`);
    const id = await idOf(`${berth.address}/shop/app:1`);
    await docker("rmi", "--force", id);
    await writeFile(at("exported.tar"), await exportArchive(berth, "shop"));
    const loaded = await docker("load", "-i", at("exported.tar"));
    for (const name of ["shop/app:1", "shop/app:latest", "shop/team/more:2"]) expect(loaded).toContain(name);
    expect(await idOf("shop/app:1")).toBe(id);
  });

  test("what docker 25 and newer save, both forms in one, comes in by the layout", async () => {
    const files = await filesIn(await exportArchive(berth, "shop", { repository: "team/more" }));
    const index = JSON.parse(String(files.get("index.json"))) as {
      manifests: { annotations: Record<string, string> }[];
      annotations?: object;
    };
    delete index.annotations;
    for (const { annotations } of index.manifests) {
      annotations["org.opencontainers.image.ref.name"] = "2";
      annotations["io.containerd.image.name"] = "docker.io/elsewhere/team/more:2";
    }
    files.set("index.json", Buffer.from(JSON.stringify(index)));
    const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
    await berth.client().projects.create({ project_name: "newer" });
    const archive = await tarOf([[{ name: "blobs/", type: "directory" }], ...sorted]);
    await importArchive(berth, "newer", archive);
    const { "team/more": before } = await contentOf(berth, "shop");
    expect(await contentOf(berth, "newer")).toEqual({ "team/more": before });
  });
});
