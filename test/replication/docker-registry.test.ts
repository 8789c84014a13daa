import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import {
  describe as described,
  emptyType,
  imageType,
  indexOf,
  indexType,
  pushBlob,
  pushImage,
  putManifest,
} from "../oci/images.ts";
import { describeWith } from "../parts.ts";
import { startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { addEndpoint, addRule, digestOf, runRule } from "./rules.ts";

describeWith(["docker-registry"], "rules between Berth and a docker-registry", () => {
  let berth: Berth;
  let docker: DockerRegistry;
  let endpoint: number;

  beforeAll(async () => {
    [berth, docker] = await Promise.all([startBerth(), startDockerRegistry()]);
    endpoint = await addEndpoint(berth, docker.url);
    const images = await Promise.all(
      ["amd64", "arm64"].map((salt) => pushImage(berth, "library/app", undefined, salt)),
    );
    const index = indexOf(images);
    for (const tag of ["1", "2"])
      await putManifest(berth, `library/app/manifests/${tag}`, index, { type: indexType });
    await pushImage(berth, "library/tool", "1", "tool");
    const chart = described("application/vnd.cncf.helm.config.v1+json", "{}");
    await pushBlob(berth, "library/chart", "{}");
    const layers = [described(emptyType, "{}")];
    await putManifest(berth, "library/chart/manifests/1", {
      schemaVersion: 2,
      mediaType: imageType,
      config: chart,
      layers,
    });
  });
  afterAll(async () => {
    await berth.close();
    await docker.close();
  });

  test("send all of a project, indexes with their children, and nothing the second time", async () => {
    const rule = await addRule(berth, endpoint, { project_name: "library" });
    expect(await runRule(berth, rule)).toMatchObject({ status: "Succeed", total: 3, succeed: 3 });
    for (const [name, tag] of [
      ["app", "1"],
      ["app", "2"],
      ["tool", "1"],
      ["chart", "1"],
    ] as const) {
      const digest = await digestOf(berth, `library/${name}`, tag);
      expect(await digestOf(docker.url, `library/${name}`, tag)).toBe(digest);
    }
    expect(await runRule(berth, rule)).toMatchObject({ status: "Succeed", bytes: 0 });
  });

  test("send images alone when they are asked to", async () => {
    const rule = await addRule(berth, endpoint, {
      project_name: "library",
      filters: [{ type: "resource", value: "image" }],
      dest_namespace: "images",
    });
    expect(await runRule(berth, rule)).toMatchObject({ status: "Succeed", total: 2 });
    expect(await digestOf(docker.url, "images/chart", "1")).toBeNull();
  });

  test("fetch what is chosen by name, tag and kind, into a project that is made for it", async () => {
    const rule = await addRule(berth, 0, {
      src_registry: { id: endpoint },
      filters: [
        { type: "name", value: "library/**" },
        { type: "tag", value: "1" },
        { type: "resource", value: "image" },
      ],
      dest_namespace: "fetched/back",
    });
    const run = await runRule(berth, rule);
    expect(run).toMatchObject({ status: "Succeed" });
    expect(await digestOf(berth, "fetched/back/app", "1")).toBe(
      await digestOf(docker.url, "library/app", "1"),
    );
    expect(await digestOf(berth, "fetched/back/app", "2")).toBeNull();
    expect(await digestOf(berth, "fetched/back/chart", "1")).toBeNull();
    const project = await berth.client().projects.get({ project_name_or_id: "fetched" });
    expect(project).toMatchObject({ owner_name: "admin", metadata: { public: "false" } });
  });

  test("leave a tag that names something else there, unless they may replace it", async () => {
    const there = await digestOf(docker.url, "library/tool", "1");
    const fresh = await pushImage(berth, "library/tool", "1", "another tool");
    const filters = [{ type: "name" as const, value: "library/tool" }];
    const careful = await addRule(berth, endpoint, { filters, override: false });
    expect((await runRule(berth, careful)).status).toBe("Succeed");
    expect(await digestOf(docker.url, "library/tool", "1")).toBe(there);
    const bold = await addRule(berth, endpoint, { filters });
    await runRule(berth, bold);
    expect(await digestOf(docker.url, "library/tool", "1")).toBe(fresh.digest);
  });
});
