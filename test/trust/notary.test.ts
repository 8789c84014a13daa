import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { collectionOf, serviceOf } from "./collection.ts";
import { certificate, encryptedKey, openNotary, type Notary } from "./notary.ts";
import { requestsOf } from "./requests.ts";

const hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

describeWith(["notary", "openssl"], "notary", () => {
  let berth: Berth;
  let notary: Notary;
  let gun: string;

  beforeAll(async () => {
    berth = await startBerth({ tls: { listen: { host: "127.0.0.1", port: 0 } } });
    notary = await openNotary(berth);
    gun = `${berth.tls.address}/library/tiny`;
    await notary.file("f1", "hello\n");
    await notary.file("f2", "other\n");
  });

  afterAll(async () => {
    await notary?.close();
    await berth?.close();
  });

  const served = () => serviceOf(berth, berth.tls.address);
  const listed = async (name = gun): Promise<string> => (await notary.fresh()).does("list", name);
  const versionOf = async (role: string): Promise<number> =>
    (await collectionOf(served(), "library/tiny").read(role)).signed.version;

  test("says of what nobody has signed that there is no trust data", async () => {
    const said = await notary.fails("list", `${gun}-none`);
    expect(said).toContain(`${berth.tls.address} does not have trust data for`);
  });

  test("init asks for the timestamp's key alone, and the first publish makes the collection", async () => {
    expect(await requestsOf(() => notary.does("init", gun))).toEqual([
      "GET /v2/ 401",
      "GET timestamp.key 200",
    ]);
    await notary.does("add", gun, "v1", "f1");
    const requests = await requestsOf(() => notary.does("publish", gun));
    expect(requests).toEqual(["GET /v2/ 401", "GET root.json 404", "POST  200"]);
    expect([await versionOf("root"), await versionOf("targets"), await versionOf("snapshot")]).toEqual([
      1, 2, 2,
    ]);
  });

  test("list reads all once, and then only looks whether there is more", async () => {
    const other = await notary.fresh();
    const cold = await requestsOf(() => other.does("list", gun));
    expect(cold).toEqual([
      "GET /v2/ 401",
      "GET root.json 200",
      "GET timestamp.json 200",
      "GET snapshot.H.json 200",
      "GET targets.H.json 200",
    ]);
    expect(await other.does("list", gun)).toMatch(new RegExp(`v1\\s+${hello}\\s+6\\s+targets`));
    expect(await requestsOf(() => other.does("list", gun))).toEqual([
      "GET /v2/ 401",
      "GET timestamp.json 200",
    ]);
  });

  test("lookup and verify find what was signed, and nothing else", async () => {
    expect(await notary.does("lookup", gun, "v1")).toContain(`v1 sha256:${hello} 6`);
    expect(await notary.fails("lookup", gun, "nope")).toContain("No valid trust data for nope");
    const right = await notary.run(["verify", gun, "v1"], "hello\n");
    expect([right.code, right.stdout]).toEqual([0, "hello\n"]);
    const wrong = await notary.run(["verify", gun, "v1"], "other\n");
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).not.toContain("other");
  });

  test("delegations sign for what they were given: with certificates of EC, P-384 and RSA", async () => {
    const [alice, bob, carol] = [
      await certificate(notary, "alice"),
      await certificate(notary, "bob", "rsa"),
      await certificate(notary, "carol", "p384"),
    ];
    await notary.does("delegation", "add", gun, "targets/releases", alice.crt, "--all-paths");
    await notary.does("delegation", "add", gun, "targets/bob", bob.crt, "--paths", "b,rel-");
    await notary.does("delegation", "add", gun, "targets/carol", carol.crt, "--all-paths");
    await notary.does("publish", gun);
    const delegations = await notary.does("delegation", "list", gun);
    expect(delegations).toMatch(/targets\/bob\s+b\s.*\n\s+rel-/);
    expect(delegations).toMatch(/targets\/releases\s+"" <all paths>/);

    for (const [name, { key }] of Object.entries({ alice, bob, carol }))
      await notary.does("key", "import", key, "--role", name);
    await notary.does("add", gun, "v2", "f2", "--roles", "targets/releases", "--publish");
    await notary.does("add", gun, "b<x>&é", "f2", "--roles", "targets/bob", "--publish");
    await notary.does("add", gun, "v3", "f2", "--roles", "targets/carol", "--publish");
    const seen = await listed();
    expect(seen).toMatch(/v2\s.*targets\/releases/);
    expect(seen).toMatch(/b<x>&é\s.*targets\/bob/);
    expect(seen).toMatch(/v3\s.*targets\/carol/);
  });

  test("a delegation signs nothing beyond its paths", async () => {
    const refused = await requestsOf(async () => {
      const said = await notary.fails("add", gun, "zz", "f2", "--roles", "targets/bob", "--publish");
      expect(said).toContain("Could not add all targets");
    });
    await notary.does("reset", gun, "--all");
    expect(refused.filter((request) => request.startsWith("POST"))).toEqual([]);
  });

  test("the server takes the snapshot over, and gives it back", async () => {
    const before = await versionOf("snapshot");
    const requests = await requestsOf(() => notary.does("key", "rotate", gun, "snapshot", "-r"));
    expect(requests[1]).toBe("POST snapshot.key 200");
    expect(requests.at(-1)).toBe("POST  200");
    expect(await versionOf("snapshot")).toBe(before + 1);
    await notary.does("key", "rotate", gun, "snapshot");
    expect(await versionOf("snapshot")).toBe(before + 2);
    await notary.does("key", "rotate", gun, "snapshot", "-r");
    expect(await listed()).toMatch(/v1\s/);
  });

  test("every key is rotated, and who has seen but the first root follows all of them", async () => {
    const stale = await notary.fresh();
    await stale.does("list", gun);
    const seen = await versionOf("root");
    await notary.does("key", "rotate", gun, "timestamp", "-r");
    await notary.does("key", "rotate", gun, "targets");
    expect((await notary.run(["key", "rotate", gun, "root"], "yes\n")).code).toBe(0);
    await notary.does("key", "rotate", gun, "timestamp", "-r");
    expect(await versionOf("root")).toBe(seen + 4);
    const requests = await requestsOf(() => stale.does("list", gun));
    expect(requests).toContain(`GET ${seen + 1}.root.json 200`);
    expect(requests).toContain(`GET ${seen + 2}.root.json 200`);
    expect(requests).toContain(`GET ${seen + 3}.root.json 200`);
    expect(await listed()).toMatch(/v2\s/);
  });

  test("a role is signed anew, and removed delegations end what they signed", async () => {
    const before = await versionOf("targets/releases");
    await notary.does("witness", gun, "targets/releases", "--publish");
    expect(await versionOf("targets/releases")).toBe(before + 1);

    const delegations = await notary.does("delegation", "list", gun);
    const idOf = (role: string): string =>
      new RegExp(`${role}\\s.*?([0-9a-f]{64})`).exec(delegations)?.[1] ?? "";
    await notary.does("delegation", "remove", gun, "targets/bob", idOf("targets/bob"), "--publish");
    const left = await listed();
    expect(left).toContain("valid signatures did not meet threshold for targets/bob");
    expect(left).not.toContain("b<x>&é");
    await notary.does("delegation", "purge", gun, "--key", idOf("targets/carol"), "--publish");
    for (const role of ["targets/carol", "targets/bob", "targets/releases"])
      await notary.does("delegation", "remove", gun, role, "-y", "--publish");
    expect(await listed()).not.toMatch(/v2|v3|targets\//);
  });

  test("delegations of delegations", async () => {
    const [dora, emil] = [await certificate(notary, "dora"), await certificate(notary, "emil")];
    await notary.does("delegation", "add", gun, "targets/a", dora.crt, "--all-paths", "--publish");
    await notary.does("key", "import", dora.key, "--role", "dora");
    await notary.does("key", "import", emil.key, "--role", "emil");
    await notary.does("delegation", "add", gun, "targets/a/b", emil.crt, "--paths", "rel", "--publish");
    await notary.does("add", gun, "rel1", "f1", "--roles", "targets/a/b", "--publish");
    expect(await listed()).toMatch(/rel1\s.*targets\/a\/b/);
  });

  test("two who stage different things publish one after the other", async () => {
    const second = await notary.fresh();
    await second.file("f1", "hello\n");
    await notary.does("add", gun, "first", "f1");
    await notary.does("key", "export", "-o", join(second.folder, "keys.pem"));
    await second.does("key", "import", join(second.folder, "keys.pem"));
    await second.does("add", gun, "second", "f1");
    await notary.does("publish", gun);
    await second.does("publish", gun);
    const seen = await listed();
    expect(seen).toMatch(/first\s/);
    expect(seen).toMatch(/second\s/);
  });

  test("a root key of RSA signs", async () => {
    const name = `${berth.tls.address}/library/rsa`;
    const { key, crt } = await certificate(notary, "rsa-root", "rsa", name);
    const encrypted = await encryptedKey(notary, key);
    await notary.does("init", name, "--rootkey", encrypted, "--rootcert", crt, "--publish");
    const { text } = await collectionOf(served(), "library/rsa").get("root.json");
    expect(text).toContain('"method":"rsapss"');
    expect(await listed(name)).toContain("No targets present");
  });

  test("what was removed is gone, and a collection that was deleted begins anew", async () => {
    await notary.does("remove", gun, "v1", "--publish");
    expect(await listed()).not.toMatch(/v1\s/);
    expect(await requestsOf(() => notary.does("delete", gun, "--remote"))).toEqual([
      "GET /v2/ 401",
      "DELETE  200",
    ]);
    const other = await notary.fresh();
    expect(await other.fails("list", gun)).toContain("does not have trust data for");
    await notary.does("delete", gun, "--remote");

    await other.file("f1", "hello\n");
    await other.does("init", gun);
    await other.does("add", gun, "again", "f1", "--publish");
    expect(await listed()).toMatch(/again\s/);
  });

  test("every byte that is served is what snapshot and timestamp say", async () => {
    const collection = collectionOf(served(), "library/tiny");
    const timestamp = await collection.get("timestamp.json");
    const walk = async (text: string): Promise<string[]> => {
      const { signed } = JSON.parse(text) as { signed: { meta: Record<string, FileMeta> } };
      const texts: string[] = [];
      for (const [role, { hashes, length }] of Object.entries(signed.meta)) {
        const hex = Buffer.from(hashes.sha256, "base64").toString("hex");
        const served = await collection.get(`${role}.${hex}.json`);
        expect(createHash("sha512").update(served.text).digest("base64")).toBe(hashes.sha512);
        expect(Buffer.byteLength(served.text)).toBe(length);
        texts.push(served.text);
      }
      return texts;
    };
    const [snapshot = ""] = await walk(timestamp.text);
    expect(await walk(snapshot)).toHaveLength(2);
  });

  test("twenty read while one publishes", { timeout: 120_000 }, async () => {
    const name = `${berth.tls.address}/library/busy`;
    await notary.does("init", name, "--publish");
    const reading = Array.from({ length: 20 }, async () => {
      const reader = await notary.fresh();
      return reader.run(["list", name]);
    });
    for (let n = 0; n < 12; n += 1) await notary.does("add", name, `v${n}`, "f1", "--publish");
    expect((await Promise.all(reading)).map(({ code }) => code)).toEqual(Array(20).fill(0));
  });
});

interface FileMeta {
  hashes: { sha256: string; sha512: string };
  length: number;
}
