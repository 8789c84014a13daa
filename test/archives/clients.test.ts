import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHome, type Home } from "../clients/home.ts";
import { digestOf, writeLayout } from "../clients/layout.ts";
import { packed } from "../clients/tar.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { exportArchive, filesIn, importArchive, indexIn, refusalOf, sendArchive } from "./archive.ts";

describeWith(["skopeo", "podman", "oras", "crane"], "archives of skopeo, podman, oras and crane", () => {
  let berth: Berth;
  let home: Home;

  beforeAll(async () => {
    [berth, home] = [await startBerth(), await openHome()];
    await berth.client().projects.create({ project_name: "shop" });
    await home.signIn(berth.address, berth.admin);
  });

  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  const at = (name: string): string => join(home.folder, name);
  const remote = (name: string): string => `docker://${berth.address}/${name}`;
  const read = (name: string): Promise<Buffer> => readFile(at(name));
  const skopeo = (...args: string[]): Promise<string> =>
    home.does("skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", ...args);
  const rawDigest = async (image: string): Promise<string> =>
    digestOf(await home.does("skopeo", "inspect", "--raw", "--tls-verify=false", image));

  /** Makes an image of one fresh layer, and answers its id. */
  async function make(name: string): Promise<string> {
    const content = at(`content-of-${name.replace(/\W/g, "-")}`);
    await mkdir(content);
    await writeFile(join(content, "file"), randomBytes(200_000));
    await home.does("podman", "import", "--quiet", await packed(content), name);
    return idOf(name);
  }
  const idOf = (name: string): Promise<string> =>
    home.does("podman", "image", "inspect", "--format", "{{.Id}}", name);

  /** Pulls an image and answers its id. */
  async function pulled(name: string): Promise<string> {
    await home.does("podman", "pull", "--tls-verify=false", `${berth.address}/${name}`);
    return idOf(`${berth.address}/${name}`);
  }

  test("skopeo's oci-archive of two platforms comes in under the same digest", async () => {
    const { folder, digest } = await writeLayout(at("index"), "1", ["amd64", "arm64"]);
    await skopeo("--all", `oci:${folder}:1`, `oci-archive:${at("index.tar")}:team/index:1`);
    const { artifacts } = await importArchive(berth, "shop", await read("index.tar"));
    expect(artifacts).toEqual([{ repository: "shop/index", tags: ["1"], digest }]);
    expect(await rawDigest(remote("shop/index:1"))).toBe(digest);
  });

  test("skopeo reads what was exported, by the name it has in the project", async () => {
    await writeFile(at("out.tar"), await exportArchive(berth, "shop"));
    await skopeo("--all", `oci-archive:${at("out.tar")}:index:1`, `oci:${at("back")}:1`);
    expect(await rawDigest(`oci:${at("back")}:1`)).toBe(await rawDigest(remote("shop/index:1")));
  });

  test("an archive that names only a tag asks for a repository, and goes into one that is given", async () => {
    const { folder, digest } = await writeLayout(at("tagged"), "2.0");
    const archive = await readFile(await packed(folder));
    const refused = await sendArchive(berth, "shop", archive);
    expect(await refusalOf(refused)).toEqual({
      status: 422,
      message: "the archive names only a tag, 2.0: choose the repository that it goes to",
    });
    const { artifacts } = await importArchive(berth, "shop", archive, { repository: "tagged" });
    expect(artifacts).toEqual([{ repository: "shop/tagged", tags: ["2.0"], digest }]);
    expect(await rawDigest(remote("shop/tagged:2.0"))).toBe(digest);
  });

  test("what podman saves as docker does comes in, and is the same image when it is pulled", async () => {
    const id = await make("localhost:5000/elsewhere/saved:1");
    await home.does("podman", "save", "--quiet", "-o", at("saved.tar"), "localhost:5000/elsewhere/saved:1");
    const { artifacts } = await importArchive(berth, "shop", await read("saved.tar"));
    expect(artifacts).toMatchObject([{ repository: "shop/saved", tags: ["1"] }]);
    await home.does("podman", "rmi", "--force", id);
    expect(await pulled("shop/saved:1")).toBe(id);
  });

  test("several images that podman saves in one archive come in together, and once", async () => {
    const ids = [await make("first:1"), await make("second:2")];
    await home.does("podman", "save", "--quiet", "-m", "-o", at("many.tar"), "first:1", "second:2");
    const { artifacts } = await importArchive(berth, "shop", await read("many.tar"));
    expect(artifacts.map(({ repository, tags }) => `${repository}:${tags.join()}`).sort()).toEqual([
      "shop/first:1",
      "shop/second:2",
    ]);
    expect((await importArchive(berth, "shop", await read("many.tar"))).bytes).toBe(0);
    expect([await pulled("shop/first:1"), await pulled("shop/second:2")]).toEqual(ids);
  });

  test("what podman saves as OCI comes in, and podman loads what is exported", async () => {
    const id = await make("bundle:3");
    await home.does("podman", "save", "--quiet", "--format=oci-archive", "-o", at("oci.tar"), "bundle:3");
    const { artifacts } = await importArchive(berth, "shop", await read("oci.tar"));
    expect(artifacts).toMatchObject([{ repository: "shop/bundle", tags: ["3"] }]);
    await home.does("podman", "rmi", "--force", id);
    await writeFile(at("oci-out.tar"), await exportArchive(berth, "shop", { repository: "bundle" }));
    expect(await home.does("podman", "load", "--quiet", "-i", at("oci-out.tar"))).toContain("bundle:3");
    expect(await idOf(id)).toBe(id);
  });

  test("crane's tarball, whose layers are packed, comes in and gives the same image", async () => {
    const id = await make("crane:1");
    await home.does(
      "podman",
      "push",
      "--quiet",
      "--tls-verify=false",
      "crane:1",
      `${berth.address}/shop/crane:1`,
    );
    await home.does("crane", "pull", "--insecure", `${berth.address}/shop/crane:1`, at("crane.tar"));
    await berth.client().projects.create({ project_name: "craned" });
    const { artifacts } = await importArchive(berth, "craned", await read("crane.tar"));
    expect(artifacts).toMatchObject([{ repository: "craned/crane", tags: ["1"] }]);
    expect(await pulled("craned/crane:1")).toBe(id);
  });

  test("oras copies from the exported archive, signatures included, and its own layout comes in", async () => {
    await writeFile(at("sbom.json"), "{}");
    const subject = `${berth.address}/shop/index:1`;
    const attach = ["attach", "--plain-http", "--artifact-type=text/spdx", subject, "sbom.json"];
    await home.does("oras", ...attach);
    await writeFile(at("signed.tar"), await exportArchive(berth, "shop", { repository: "index" }));
    const listed = await home.does(
      "oras",
      "discover",
      "--oci-layout",
      "--format=json",
      `${at("signed.tar")}@${await rawDigest(remote("shop/index:1"))}`,
    );
    expect(listed).toContain("text/spdx");

    const layout = at("oras-layout");
    await home.does("oras", "copy", "-r", "--from-plain-http", subject, "--to-oci-layout", `${layout}:1`);
    await berth.client().projects.create({ project_name: "oras" });
    const archive = await readFile(await packed(layout));
    const { artifacts } = await importArchive(berth, "oras", archive, { repository: "index" });
    expect(artifacts.find(({ tags }) => tags.includes("1"))?.digest).toBe(
      await rawDigest(remote("shop/index:1")),
    );
    const { items } = await berth.client().artifacts.accessories({
      project_name: "oras",
      repository_name: "index",
      reference: "1",
    });
    expect(items).toHaveLength(1);
    expect(indexIn(await filesIn(await exportArchive(berth, "oras")))).toHaveLength(2);
  });
});
