import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { openHome, type Home } from "./home.ts";
import { writeLayout, type Layout } from "./layout.ts";

describeWith(["crane"], "crane", () => {
  let berth: Berth;
  let home: Home;
  let layout: Layout;

  beforeAll(async () => {
    home = await openHome();
    berth = await startBerth();
    await home.signIn(berth.address, berth.admin);
    layout = await writeLayout(join(home.folder, "layout"), "1");
    await crane("push", layout.folder, named("library/app:1"));
  });

  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  const named = (name: string): string => `${berth.address}/${name}`;
  const crane = (...args: string[]): Promise<string> => home.does("crane", ...args);

  test("pushes an image whose digest is the one it had", async () => {
    expect(await crane("digest", named("library/app:1"))).toBe(layout.digest);
    await crane("validate", "--remote", named("library/app:1"));
  });

  test("pulls an image as a layout and pushes that again", async () => {
    const pulled = join(home.folder, "pulled");
    await crane("pull", "--format", "oci", named("library/app:1"), pulled);
    await crane("push", pulled, named("library/again:1"));
    expect(await crane("digest", named("library/again:1"))).toBe(layout.digest);
  });

  test("tags, and lists the tags", async () => {
    await crane("tag", named("library/app:1"), "stable");
    expect((await crane("ls", named("library/app"))).split("\n")).toEqual(["1", "stable"]);
  });

  test("copies an index with its platforms into another project", async () => {
    await berth.client().projects.create({ project_name: "mirror" });
    const { folder, digest, images } = await writeLayout(join(home.folder, "index"), "1", ["amd64", "arm64"]);
    await crane("push", folder, named("library/index:1"));
    await crane("copy", named("library/index:1"), named("mirror/index:1"));
    expect(await crane("digest", named("mirror/index:1"))).toBe(digest);
    const arm = ["digest", "--platform", "linux/arm64", named("mirror/index:1")];
    expect(await crane(...arm)).toBe(images[1]);
  });

  test("deletes an image, and is then told that it is not there", async () => {
    const { folder, digest } = await writeLayout(join(home.folder, "doomed"), "1");
    await crane("push", folder, named("library/doomed:1"));
    await crane("delete", `${named("library/doomed")}@${digest}`);
    expect(await home.fails("crane", "digest", named("library/doomed:1"))).toContain("404");
  });

  test("lists the catalog for the administrator and for nobody else", async () => {
    expect((await crane("catalog", berth.address)).split("\n")).toContain("library/app");
    await home.signIn(berth.address, { name: "admin", password: "Harbor-54321" });
    try {
      expect(await home.fails("crane", "catalog", berth.address)).toContain("UNAUTHORIZED");
    } finally {
      await home.signIn(berth.address, berth.admin);
    }
  });
});
