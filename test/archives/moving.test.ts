import { rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { archivePath } from "../../registry/contract/archives.ts";
import { startBerth, type Berth } from "../harness.ts";
import {
  describe as descriptorOf,
  digestOf,
  emptyType,
  imageType,
  indexOf,
  indexType,
  pushBlob,
  pushImage,
  putManifest,
} from "../oci/images.ts";
import {
  contentOf,
  exportArchive,
  filesIn,
  importArchive,
  indexIn,
  refusalOf,
  sendArchive,
} from "./archive.ts";

describe("a project as a file", () => {
  let from: Berth;
  let to: Berth;
  let archive: Buffer;

  beforeAll(async () => {
    [from, to] = [await startBerth(), await startBerth()];
    await from.client().projects.create({ project_name: "shop" });
    await to.client().projects.create({ project_name: "moved" });
    await fill(from);
    archive = await exportArchive(from, "shop");
  });

  afterAll(async () => {
    await from?.close();
    await to?.close();
  });

  test("comes in whole elsewhere: tags, indexes, signatures and what nothing names, by the same digests", async () => {
    const { artifacts, bytes } = await importArchive(to, "moved", archive);
    expect(await contentOf(to, "moved")).toEqual(await contentOf(from, "shop"));
    expect(artifacts).toContainEqual(
      expect.objectContaining({ repository: "moved/my.app/web", tags: ["1.0", "latest"] }),
    );
    expect(bytes).toBeGreaterThan(1000);
  });

  test("comes in a second time without a byte, and says the same", async () => {
    const again = await importArchive(to, "moved", archive);
    expect(again.bytes).toBe(0);
    expect(again.artifacts.length).toBeGreaterThan(3);
    expect((await to.client().audit.ofProject({ project_name_or_id: "moved", page_size: 1 })).items).toEqual([
      expect.objectContaining({ operation: "import", resource: "moved" }),
    ]);
  });

  test("is the same bytes again, also from where it was imported under the same name", async () => {
    expect(await exportArchive(from, "shop")).toEqual(archive);
    const third = await startBerth();
    try {
      await third.client().projects.create({ project_name: "shop" });
      await importArchive(third, "shop", archive);
      expect(digestOf(await exportArchive(third, "shop"))).toBe(digestOf(archive));
    } finally {
      await third.close();
    }
  });

  test("tells its length before its first byte, and what it is to be called", async () => {
    for (const method of ["HEAD", "GET"]) {
      const answer = await from.fetch(archivePath({ project: "shop" }), { method });
      expect(answer.headers.get("content-length")).toBe(String(archive.length));
      expect(answer.headers.get("content-type")).toBe("application/x-tar");
      expect(answer.headers.get("content-disposition")).toBe('attachment; filename="shop.tar"');
      await answer.arrayBuffer();
    }
  });

  test("is an OCI layout with each blob once, and names without the project", async () => {
    const files = await filesIn(archive);
    expect([...files.keys()].slice(0, 2)).toEqual(["oci-layout", "index.json"]);
    for (const [name, bytes] of files) {
      const [, algorithm, hex] = /^blobs\/(\w+)\/(\w+)$/.exec(name) ?? [];
      if (algorithm) expect(digestOf(bytes, algorithm)).toBe(`${algorithm}:${hex}`);
    }
    const names = indexIn(files).map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]);
    expect(names).toEqual(expect.arrayContaining(["app:all", "my.app/web:1.0", "my.app/web:latest"]));
    const signature = indexIn(files).find(({ artifactType }) => artifactType === "application/vnd.sign");
    expect(signature?.annotations).toEqual({
      "org.opencontainers.image.ref.name": `app@${signature?.digest}`,
    });
    // What an index names is found through it.
    expect(names.filter((name) => name?.startsWith("app@"))).toHaveLength(2);
  });

  test("may be one repository alone", async () => {
    const one = await exportArchive(from, "shop", { repository: "my.app/web" });
    expect(indexIn(await filesIn(one))).toHaveLength(2);
    await to.client().projects.create({ project_name: "one" });
    await importArchive(to, "one", one);
    expect(Object.keys(await contentOf(to, "one"))).toEqual(["my.app/web"]);
    await importArchive(to, "one", one, { repository: "renamed" });
    expect(Object.keys(await contentOf(to, "one"))).toEqual(["my.app/web", "renamed"]);
  });

  test("does not go into one repository if it has several", async () => {
    const { status, message } = await refusalOf(
      await sendArchive(to, "moved", archive, { repository: "app" }),
    );
    expect([status, message]).toEqual([422, expect.stringContaining("2 repositories (app, my.app/web)")]);
  });

  test("may be packed with gzip", async () => {
    await to.client().projects.create({ project_name: "packed" });
    await importArchive(to, "packed", gzipSync(archive));
    expect(await contentOf(to, "packed")).toEqual(await contentOf(from, "shop"));
  });

  test("is written for a project that holds nothing, and then there is nothing to import", async () => {
    await from.client().projects.create({ project_name: "empty" });
    const empty = await exportArchive(from, "empty");
    expect([...(await filesIn(empty)).keys()]).toEqual(["oci-layout", "index.json"]);
    const { status, message } = await refusalOf(await sendArchive(to, "moved", empty));
    expect([status, message]).toEqual([400, "the archive holds no images"]);
  });

  test("is not written with a hole in it", async () => {
    await from.client().projects.create({ project_name: "holed" });
    const { layers } = await pushImage(from, "holed/app", "1", "holed");
    await from.registry.stop();
    const hex = layers[0]?.digest.slice(7) ?? "";
    await rm(`${from.dataDir}/blobs/sha256/${hex.slice(0, 2)}/${hex}`);
    await from.restart();
    const { status, message } = await refusalOf(await from.fetch(archivePath({ project: "holed" })));
    expect([status, message]).toEqual([409, expect.stringContaining(`needs ${layers[0]?.digest}`)]);
  });
});

/** An index of two platforms with a signature, an artifact of other digests, a repository of two levels. */
async function fill(berth: Berth): Promise<void> {
  const amd = await pushImage(berth, "shop/app", undefined, "amd64");
  const arm = await pushImage(berth, "shop/app", undefined, "arm64");
  const index = JSON.stringify(indexOf([amd, arm]));
  await putManifest(berth, "shop/app/manifests/all", index, { type: indexType });
  const subject = descriptorOf(indexType, index);
  const empty = descriptorOf(emptyType, "{}");
  await pushBlob(berth, "shop/app", "{}");
  const signature = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    artifactType: "application/vnd.sign",
    config: empty,
    layers: [empty],
    subject,
  });
  await putManifest(berth, `shop/app/manifests/${digestOf(signature)}`, signature);
  await pushImage(berth, "shop/app", undefined, "untagged");
  const strong = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config: empty, layers: [empty] });
  await putManifest(berth, `shop/app/manifests/${digestOf(strong, "sha512")}?tag=strong`, strong);
  const { text } = await pushImage(berth, "shop/my.app/web", "1.0", "amd64");
  await putManifest(berth, "shop/my.app/web/manifests/latest", text);
}
