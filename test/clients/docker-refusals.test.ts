import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith, type Outcome } from "../parts.ts";
import { openDockerEngine, type DockerEngine } from "./docker-engine.ts";
import { printed, refusal } from "./outcomes.ts";

type Docker = (...args: string[]) => Promise<Outcome>;

/** Harbor's role numbers, of `contract/permission`. */
const members = { dora: 2, gus: 3 };
const password = "Harbor-12345";

// The engine packs and unpacks every layer, beside other suites that keep the disk busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

describeWith(["docker", "dockerd"], "docker and rights", () => {
  let berth: Berth;
  let engine: DockerEngine;
  let admin: Docker;
  /** Nobody is signed in. */
  let stranger: Docker;
  let developer: Docker;
  let guest: Docker;
  /** Signed in, and a member of nothing. */
  let outsider: Docker;

  beforeAll(async () => {
    engine = await openDockerEngine();
    berth = await startBerth();
    const client = berth.client();
    await client.projects.create({ project_name: "closed" });
    await client.projects.create({ project_name: "open", public: true });
    for (const username of ["dora", "gus", "otto"]) {
      await client.users.create({ username, realname: username, email: `${username}@example.com`, password });
    }
    for (const [username, role_id] of Object.entries(members)) {
      const member = { project_name_or_id: "closed", role_id: role_id as 2 | 3, member_user: { username } };
      await client.members.create(member);
    }
    admin = await signedIn(berth.admin.name);
    [developer, guest, outsider] = [await signedIn("dora"), await signedIn("gus"), await signedIn("otto")];
    stranger = dockerOf("nobody");

    await engine.importImage(named("closed/app:1"), { hello: "closed" });
    await engine.importImage(named("open/app:1"), { hello: "open" });
    await printed(admin("push", named("closed/app:1")));
    await printed(admin("push", named("open/app:1")));
  });

  afterAll(async () => {
    await engine?.close();
    await berth?.close();
  });

  const named = (name: string): string => `${berth.address}/${name}`;

  /** The same engine, with the logins of somebody of that name. */
  function dockerOf(name: string): Docker {
    const env = { DOCKER_CONFIG: join(engine.config, name) };
    return (...args) => engine.dockerWith({ env }, ...args);
  }

  async function signedIn(name: string): Promise<Docker> {
    const env = { DOCKER_CONFIG: join(engine.config, name) };
    const login = ["login", "--username", name, "--password-stdin", berth.address];
    await printed(engine.dockerWith({ env, input: password }, ...login));
    return dockerOf(name);
  }

  async function tagged(name: string): Promise<string> {
    await printed(admin("tag", named("open/app:1"), named(name)));
    return named(name);
  }

  test("a push to a project that does not exist tells the administrator what to do", async () => {
    const said = await refusal(admin("push", await tagged("missing/app:1")));
    expect(said).toBe("unauthorized: project missing does not exist: create it first, then push again");
  });

  test("a push is refused in the same words where there is no project and where there is no right", async () => {
    const sentence = (project: string): string =>
      `unauthorized: project ${project} does not exist, or you have no right to push there`;
    expect(await refusal(outsider("push", await tagged("missing/app:1")))).toBe(sentence("missing"));
    expect(await refusal(outsider("push", await tagged("closed/other:1")))).toBe(sentence("closed"));
    expect(await refusal(outsider("push", await tagged("open/other:1")))).toBe(sentence("open"));
    expect(await refusal(guest("push", await tagged("closed/other:1")))).toBe(sentence("closed"));
    const kept = await berth.client().repositories.list({ project_name: "closed" });
    expect(kept.items.map(({ name }) => name)).toEqual(["closed/app"]);
  });

  test("a developer may push and pull where a guest may only pull", async () => {
    await printed(developer("push", await tagged("closed/made:1")));
    await printed(admin("rmi", named("closed/made:1")));
    await printed(developer("pull", named("closed/made:1")));
    await printed(guest("pull", named("closed/made:1")));
    expect(await refusal(outsider("pull", named("closed/made:1")))).toContain(
      "unauthorized: project closed does not exist, or you have no right to pull there",
    );
  });

  test("anyone pulls from a public project, and nobody from a private one without signing in", async () => {
    await printed(admin("rmi", "--force", named("open/app:1"), named("closed/app:1")));
    await printed(stranger("pull", named("open/app:1")));
    const said = await refusal(stranger("pull", named("closed/app:1")));
    expect(said).toContain("unauthorized: sign in to pull closed/app");
  });

  test("nobody pushes without signing in, not even to a public project", async () => {
    const said = await refusal(stranger("push", await tagged("open/stray:1")));
    expect(said).toBe("unauthorized: sign in to push open/stray");
  });

  test("after signing out nothing is left of the rights", async () => {
    const docker = await signedIn("dora");
    await printed(docker("pull", named("closed/made:1")));
    await printed(docker("logout", berth.address));
    expect(await refusal(docker("pull", named("closed/made:1")))).toContain("sign in to pull closed/made");
    expect(await refusal(docker("push", await tagged("closed/made:2")))).toBe(
      "unauthorized: sign in to push closed/made",
    );
  });

  test("a member who is taken out loses the right at once, though the login is kept", async () => {
    await printed(guest("pull", named("closed/app:1")));
    const client = berth.client();
    const { items } = await client.members.list({ project_name_or_id: "closed", entityname: "gus" });
    const mid = items[0]?.id ?? 0;
    await client.members.remove({ project_name_or_id: "closed", mid });
    expect(await refusal(guest("pull", named("closed/app:1")))).toContain("you have no right to pull there");
  });
});
