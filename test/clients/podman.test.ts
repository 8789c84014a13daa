import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { openHome, type Home } from "./home.ts";
import { writeLayout } from "./layout.ts";
import { packed } from "./tar.ts";

const plain = "--tls-verify=false";

describeWith(["podman", "buildah"], "podman and buildah", () => {
  let berth: Berth;
  let home: Home;

  beforeAll(async () => {
    home = await openHome();
    berth = await startBerth();
  });

  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  const named = (name: string): string => `${berth.address}/${name}`;
  const podman = (...args: string[]): Promise<string> => home.does("podman", ...args);
  const buildah = (...args: string[]): Promise<string> => home.does("buildah", ...args);
  const idOf = (image: string): Promise<string> => podman("image", "inspect", "--format", "{{.Id}}", image);

  /** Makes an image of one layer that no other image has. */
  async function importImage(name: string): Promise<void> {
    const content = join(home.folder, `content-of-${name}`);
    await mkdir(content);
    await writeFile(join(content, "file"), randomBytes(200_000));
    await podman("import", "--quiet", await packed(content), name);
  }

  test("podman signs in, and is refused in words with a wrong password", async () => {
    const login = (password: string) => [
      "login",
      plain,
      "-u",
      berth.admin.name,
      "-p",
      password,
      berth.address,
    ];
    expect(await home.fails("podman", ...login("Harbor-54321"))).toContain("invalid username/password");
    expect(await podman(...login(berth.admin.password))).toContain("Login Succeeded!");
  });

  test("podman pushes an image, and pulls it by tag and by digest", async () => {
    await home.signIn(berth.address, berth.admin);
    const image = named("library/app:1");
    await importImage("app");
    const id = await idOf("app");
    const digestFile = join(home.folder, "digest");
    await podman("push", plain, "--digestfile", digestFile, "app", image);
    const digest = await readFile(digestFile, "utf8");

    await podman("rmi", "--force", id);
    await podman("pull", plain, image);
    expect(await idOf(image)).toBe(id);
    await podman("rmi", "--force", id);
    await podman("pull", plain, `${named("library/app")}@${digest}`);
    expect(await idOf(id)).toBe(id);
  });

  test("podman pushes a manifest list for two platforms", async () => {
    await home.signIn(berth.address, berth.admin);
    const { folder } = await writeLayout(join(home.folder, "platforms"), "1", ["amd64", "arm64"]);
    await podman("manifest", "create", "platforms");
    await podman("manifest", "add", "--all", "platforms", `oci:${folder}:1`);
    await podman("manifest", "push", plain, "--all", "platforms", `docker://${named("library/platforms:1")}`);
    const { items } = await berth.client().artifacts.list({
      project_name: "library",
      repository_name: "platforms",
      q: "tags=1",
    });
    const platforms = items[0]?.references.map(({ platform }) => platform?.architecture).sort();
    expect(platforms).toEqual(["amd64", "arm64"]);
  });

  test("podman may not push to a project that does not exist, and is told so in words when it pulls", async () => {
    await home.signIn(berth.address, berth.admin);
    await importImage("homeless");
    const push = ["push", plain, "homeless", named("missing/app:1")];
    expect(await home.fails("podman", ...push)).toContain("project missing does not exist");
    const said = await home.fails("podman", "pull", plain, named("missing/app:1"));
    expect(said).toContain("project missing does not exist");
  });

  test("buildah makes an image from nothing, pushes it and pulls it again", async () => {
    await home.signIn(berth.address, berth.admin);
    const file = join(home.folder, "greeting");
    await writeFile(file, "hello from a layer");
    const container = await buildah("from", "scratch");
    await buildah("add", container, file, "/greeting");
    const id = await buildah("commit", "--quiet", "--rm", container, "greeting");
    const image = named("library/greeting:1");
    await buildah("push", plain, id, image);
    await buildah("rmi", "--force", id);
    expect(await buildah("pull", "--quiet", plain, image)).toBe(id);
  });
});
