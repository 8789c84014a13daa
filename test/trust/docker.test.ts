import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDockerEngine, type DockerEngine } from "../clients/docker-engine.ts";
import { printed, refusal } from "../clients/outcomes.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith, locate, run } from "../parts.ts";
import { addMember, password } from "../people.ts";
import { requestsOf } from "./requests.ts";

const passphrases = {
  DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: "rootpass1234",
  DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: "repopass1234",
};

interface Inspected {
  Name: string;
  SignedTags: { SignedTag: string; Digest: string; Signers: string[] }[];
  Signers: { Name: string }[];
}

describeWith(["docker", "dockerd", "openssl"], "docker with content trust", () => {
  let berth: Berth;
  let engine: DockerEngine;

  beforeAll(async () => {
    berth = await startBerth({ tls: { listen: { host: "127.0.0.1", port: 0 } } });
    engine = await openDockerEngine();
    await signIn(engine.config, berth.admin);
  });
  afterAll(async () => {
    await engine?.close();
    await berth?.close();
  });

  const named = (name: string): string => `${berth.tls.address}/${name}`;
  const env = (config = engine.config) => ({ ...passphrases, DOCKER_CONFIG: config });
  const does = (...args: string[]): Promise<string> => printed(engine.dockerWith({ env: env() }, ...args));
  const fails = (...args: string[]): Promise<string> => refusal(engine.dockerWith({ env: env() }, ...args));
  const trusting = (...args: string[]): Promise<string> =>
    printed(engine.dockerWith({ env: { ...env(), DOCKER_CONTENT_TRUST: "1" } }, ...args));
  const distrusting = (...args: string[]): Promise<string> =>
    refusal(engine.dockerWith({ env: { ...env(), DOCKER_CONTENT_TRUST: "1" } }, ...args));

  /** A folder of docker's own: who is signed in, the authority it trusts, and what it has seen. */
  async function signIn(config: string, { name, password: secret }: { name: string; password: string }) {
    const authorities = join(config, "tls", berth.tls.address);
    await mkdir(authorities, { recursive: true });
    await writeFile(join(authorities, "ca.crt"), await berth.tls.authority());
    const auth = Buffer.from(`${name}:${secret}`).toString("base64");
    await writeFile(
      join(config, "config.json"),
      JSON.stringify({ auths: { [berth.tls.address]: { auth } } }),
    );
  }

  /** As somebody else, on another machine: one that has seen nothing. */
  async function elsewhere(name: string, who?: { name: string; password: string }) {
    const config = join(engine.config, name);
    await mkdir(config, { recursive: true });
    if (who) await signIn(config, who);
    return (on: boolean, ...args: string[]) =>
      engine.dockerWith({ env: { ...env(config), DOCKER_CONTENT_TRUST: on ? "1" : "" } }, ...args);
  }

  async function inspect(image: string): Promise<Inspected> {
    const [found] = JSON.parse(await does("trust", "inspect", image)) as [Inspected];
    return found;
  }

  const digestOf = async (name: string, tag: string): Promise<string> =>
    (await berth.fetch(`/v2/${name}/manifests/${tag}`)).headers.get("docker-content-digest")?.slice(7) ?? "";

  test("of what nobody signed there is nothing to inspect", async () => {
    expect(await fails("trust", "inspect", named("library/none"))).toContain(
      "no signatures or cannot access",
    );
  });

  test("the first signed push makes the collection, and what was signed is what was pushed", async () => {
    const image = named("library/app:1");
    await engine.importImage(image, { hello: "one" });
    const requests = await requestsOf(async () => {
      const said = await trusting("push", image);
      expect(said).toContain("Successfully signed");
    });
    const trust = requests.filter(
      (request) => /(json|key|POST {2})/.test(request) && !/manifests|blobs/.test(request),
    );
    expect(trust).toEqual([
      "GET root.json 404",
      "GET timestamp.key 200",
      "GET snapshot.key 200",
      "GET root.json 404",
      "POST  200",
    ]);
    const found = await inspect(image);
    expect(found.SignedTags).toEqual([
      { SignedTag: "1", Digest: await digestOf("library/app", "1"), Signers: ["Repo Admin"] },
    ]);
    expect(await does("trust", "inspect", "--pretty", image)).toContain("Signatures for");
  });

  test("who trusts pulls by the signed digest, and nothing that is not signed", async () => {
    const [one, two] = [named("library/app:1"), named("library/app:2")];
    await engine.importImage(two, { hello: "two" });
    await does("push", two);
    await does("rmi", "--force", one, two);
    const digest = await digestOf("library/app", "1");
    const pulled = await trusting("pull", one);
    expect(pulled).toContain(`Pull (1 of 1): ${one}@sha256:${digest}`);
    expect(await distrusting("pull", two)).toContain("No valid trust data for 2");
    expect(await distrusting("pull", named("library/unsigned:1"))).toContain(
      "remote trust data does not exist",
    );
    await does("pull", two);

    // Somebody moves the tag: who trusts still gets what was signed.
    await does("tag", two, one);
    await does("push", one);
    expect(await digestOf("library/app", "1")).not.toBe(digest);
    await does("rmi", "--force", one);
    expect(await trusting("pull", one)).toContain(`@sha256:${digest}`);
    expect(await trusting("pull", "--all-tags", named("library/app"))).toContain(`@sha256:${digest}`);
    const created = await distrusting("create", named("library/app:2"), "/x");
    expect(created).toContain("No valid trust data for 2");
  });

  test("signers sign in their own names, and revoke", async () => {
    const repository = named("library/signed");
    for (const tag of ["1", "2"]) await engine.importImage(`${repository}:${tag}`, { hello: tag });
    await does("trust", "key", "generate", "alice", "--dir", engine.config);
    await does("trust", "key", "generate", "bob", "--dir", engine.config);
    const add = (name: string): Promise<string> =>
      does("trust", "signer", "add", "--key", join(engine.config, `${name}.pub`), name, repository);
    await add("alice");
    await does("trust", "sign", `${repository}:1`);
    expect((await inspect(`${repository}:1`)).SignedTags[0]?.Signers).toEqual(["alice"]);

    // Once more: there is nothing to change, and so nothing in the upload.
    await does("trust", "sign", `${repository}:1`);
    await add("bob");
    await does("trust", "sign", `${repository}:2`);
    const found = await inspect(repository);
    expect(found.SignedTags.map(({ SignedTag, Signers }) => [SignedTag, Signers.sort()])).toEqual([
      ["1", ["alice"]],
      ["2", ["alice", "bob"]],
    ]);
    expect(found.Signers.map(({ Name }) => Name).sort()).toEqual(["alice", "bob"]);

    await does("trust", "revoke", `${repository}:2`);
    expect((await inspect(repository)).SignedTags.map(({ SignedTag }) => SignedTag)).toEqual(["1"]);
    expect(await distrusting("pull", `${repository}:2`)).toMatch(/No (valid )?trust data for 2/);
    expect(await trusting("pull", `${repository}:1`)).toContain("Pull (1 of 1)");
  });

  test("a build begins from what was signed", async () => {
    const folder = join(engine.config, "build");
    await mkdir(folder);
    const build = async (image: string): Promise<string[]> => {
      await writeFile(join(folder, "Dockerfile"), `FROM ${image}\nLABEL built=yes\n`);
      return ["build", "--tag", named("library/built:1"), folder];
    };
    const [signed, unsigned] = [named("library/signed:1"), named("library/app:2")];
    expect(await trusting(...(await build(signed)))).toContain(`${named("library/signed")}@sha256:`);
    expect(await distrusting(...(await build(unsigned)))).toContain("No valid trust data for 2");
  });

  test("a signer who brings a key of their own signs the image that lies here", async () => {
    const repository = named("library/local");
    const [key, pub] = [join(engine.config, "carol.key"), join(engine.config, "carol.pub")];
    await printed(
      run(locate("openssl"), ["ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", key]),
    );
    await printed(run(locate("openssl"), ["ec", "-in", key, "-pubout", "-out", pub]));
    await chmod(key, 0o600);
    await engine.importImage(`${repository}:1`, { hello: "local" });
    await does("trust", "key", "load", "--name", "carol", key);
    await does("trust", "signer", "add", "--key", pub, "carol", repository);
    await does("trust", "sign", "--local", `${repository}:1`);
    expect((await inspect(repository)).SignedTags[0]?.Signers).toEqual(["carol"]);
  });

  test("after a restart all of it is still there", async () => {
    await berth.restart();
    const other = await elsewhere("other", berth.admin);
    const said = await printed(other(true, "pull", named("library/signed:1")));
    expect(said).toContain("Pull (1 of 1)");
    await engine.importImage(named("library/app:3"), { hello: "three" });
    expect(await trusting("push", named("library/app:3"))).toContain("Successfully signed");
  });

  test("who may pull reads signatures, who may push makes them, and nobody else sees them", async () => {
    await berth.client().projects.create({ project_name: "team" });
    await addMember(berth, "team", "developer");
    await addMember(berth, "team", "guest");
    const image = named("team/app:1");
    await engine.importImage(image, { hello: "team" });
    const developer = await elsewhere("developer", { name: "developer-of-team", password });
    const guest = await elsewhere("guest", { name: "guest-of-team", password });
    const nobody = await elsewhere("nobody");

    expect(await printed(developer(true, "push", image))).toContain("Successfully signed");
    const read = JSON.parse(await printed(guest(false, "trust", "inspect", image))) as Inspected[];
    expect(read[0]?.SignedTags).toHaveLength(1);
    expect(await refusal(guest(true, "push", image))).toMatch(/denied|unauthorized|not authorized/);
    expect(await refusal(nobody(false, "trust", "inspect", image))).toContain(
      "no signatures or cannot access",
    );
    const revoked = await refusal(guest(false, "trust", "revoke", "--yes", image));
    expect(revoked).toMatch(/not authorized|no valid signing keys|could not|no signed tags/i);
  });

  test("the keys that docker holds are its own: none of them came here", async () => {
    const kept = await readFile(join(berth.dataDir, "documents", "trust-keys.db"), "utf8");
    expect(kept).toContain('"role":"timestamp"');
    expect(kept).not.toContain('"role":"targets"');
  });
});
