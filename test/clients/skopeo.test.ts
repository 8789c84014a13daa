import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { openHome, type Home } from "./home.ts";
import { digestOf, writeLayout } from "./layout.ts";

describeWith(["skopeo"], "skopeo", () => {
  let berth: Berth;
  let home: Home;

  beforeAll(async () => {
    home = await openHome();
    berth = await startBerth();
    await home.signIn(berth.address, berth.admin);
  });

  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  const at = (name: string): string => join(home.folder, name);
  const remote = (name: string, { address } = berth): string => `docker://${address}/${name}`;
  const copy = (from: string, to: string, ...options: string[]): Promise<string> => {
    const plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    return home.does("skopeo", "copy", "--quiet", ...plain, ...options, from, to);
  };
  const inspect = (...args: string[]): Promise<string> =>
    home.does("skopeo", "inspect", "--tls-verify=false", ...args);
  const rawDigest = async (image: string): Promise<string> => digestOf(await inspect("--raw", image));

  test("copies an OCI layout there and back without changing a digest", async () => {
    const { folder, digest } = await writeLayout(at("plain"), "1");
    await copy(`oci:${folder}:1`, remote("library/plain:1"));
    expect(await rawDigest(remote("library/plain:1"))).toBe(digest);
    expect(await rawDigest(remote(`library/plain@${digest}`))).toBe(digest);
    await copy(remote("library/plain:1"), `oci:${at("back")}:1`);
    expect(await rawDigest(`oci:${at("back")}:1`)).toBe(digest);
  });

  test("copies what docker saved, and what lies in a plain folder", async () => {
    const { folder } = await writeLayout(at("saved"), "1");
    await copy(`oci:${folder}:1`, `docker-archive:${at("saved.tar")}:saved:1`);
    await copy(`docker-archive:${at("saved.tar")}`, remote("library/saved:1"));
    await copy(remote("library/saved:1"), `dir:${at("dir")}`);
    await copy(`dir:${at("dir")}`, remote("library/saved:2"));
    const digest = await rawDigest(remote("library/saved:1"));
    expect(await rawDigest(remote("library/saved:2"))).toBe(digest);
    expect(await rawDigest(`dir:${at("dir")}`)).toBe(digest);
  });

  test("inspects an image and lists the tags of its repository", async () => {
    const { folder, digest } = await writeLayout(at("inspected"), "1");
    for (const tag of ["1", "2", "latest"]) await copy(`oci:${folder}:1`, remote(`library/inspected:${tag}`));
    expect(JSON.parse(await inspect(remote("library/inspected:1")))).toMatchObject({
      Digest: digest,
      RepoTags: ["1", "2", "latest"],
      Architecture: "amd64",
    });
    const listed = await home.does("skopeo", "list-tags", "--tls-verify=false", remote("library/inspected"));
    expect(JSON.parse(listed)).toMatchObject({ Tags: ["1", "2", "latest"] });
  });

  test("deletes an image, and is then told that it is not there", async () => {
    const { folder } = await writeLayout(at("doomed"), "1");
    await copy(`oci:${folder}:1`, remote("library/doomed:1"));
    await home.does("skopeo", "delete", "--tls-verify=false", remote("library/doomed:1"));
    const said = await home.fails("skopeo", "inspect", "--tls-verify=false", remote("library/doomed:1"));
    expect(said).toContain("manifest unknown");
  });

  test("copies an index with both its platforms, and one platform of it", async () => {
    const { folder, digest, images } = await writeLayout(at("index"), "1", ["amd64", "arm64"]);
    await copy(`oci:${folder}:1`, remote("library/index:1"), "--all");
    expect(await rawDigest(remote("library/index:1"))).toBe(digest);
    for (const image of images) expect(await rawDigest(remote(`library/index@${image}`))).toBe(image);
    await copy(remote("library/index:1"), `oci:${at("arm")}:1`, "--override-arch=arm64");
    expect(await rawDigest(`oci:${at("arm")}:1`)).toBe(images[1]);
  });

  test("copies an index from one registry to another with the same digests", async () => {
    const other = await startBerth();
    try {
      const { folder, digest, images } = await writeLayout(at("travelling"), "1", ["amd64", "arm64"]);
      await copy(`oci:${folder}:1`, remote("library/travelling:1"), "--all");
      const logins = [
        `--src-creds=admin:${berth.admin.password}`,
        `--dest-creds=admin:${other.admin.password}`,
      ];
      const target = remote("library/travelling:1", other);
      await copy(remote("library/travelling:1"), target, "--all", ...logins);
      const about = ["--raw", `--creds=admin:${other.admin.password}`];
      expect(digestOf(await inspect(...about, target))).toBe(digest);
      for (const image of images) {
        const there = remote(`library/travelling@${image}`, other);
        expect(digestOf(await inspect(...about, there))).toBe(image);
      }
    } finally {
      await other.close();
    }
  });

  test("may not copy into a project that does not exist, and is told so in words when it inspects", async () => {
    const { folder } = await writeLayout(at("homeless"), "1");
    const target = remote("missing/app:1");
    const args = ["copy", "--quiet", "--dest-tls-verify=false", `oci:${folder}:1`, target];
    expect(await home.fails("skopeo", ...args)).toContain("project missing does not exist");
    const said = await home.fails("skopeo", "inspect", "--tls-verify=false", target);
    expect(said).toContain("project missing does not exist");
  });
});
