import { createPublicKey } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RegistryEvent } from "../../registry/contract/event.ts";
import { startBerth, type Berth } from "../harness.ts";
import { keyIdOf, rootDocument, rootKey, signed, tagEntry, targetsDocument } from "./author.ts";
import { begin, collectionOf, serviceOf, type Collection, type Service, type Started } from "./collection.ts";

const day = 24 * 60 * 60_000;
let time = Date.now();
let berth: Berth;
let service: Service;

beforeAll(async () => {
  berth = await startBerth({ now: () => new Date(time) });
  service = serviceOf(berth);
});
afterAll(() => berth?.close());

const entry = tagEntry("ab".repeat(32));
const version = async ({ read }: Collection, role: string): Promise<number> =>
  (await read(role)).signed.version;
const publishTag = ({ publish, keys }: Started, number: number) =>
  publish({
    targets: signed(targetsDocument(number, { targets: { [`v${number}`]: entry } }), [keys.targets]),
  });

describe("the server's keys", () => {
  test("are ECDSA, and the same until they have signed", async () => {
    const { ask } = collectionOf(service, "library/keys");
    for (const role of ["timestamp", "snapshot"]) {
      const asked = ["GET", "POST", "GET", "POST"].map((method) => ask(`tuf/${role}.key`, { method }));
      const texts = (await Promise.all(asked)).map(({ text }) => text);
      expect(new Set(texts).size).toBe(1);
      const { keytype, keyval } = JSON.parse(texts[0] ?? "") as {
        keytype: string;
        keyval: Record<string, string>;
      };
      const key = Buffer.from(keyval["public"] ?? "", "base64");
      expect([keytype, keyval["private"]]).toEqual(["ecdsa", null]);
      const parsed = createPublicKey({ key, format: "der", type: "spki" });
      expect(parsed.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    }
  });

  test("that a root names are told until another root names others", async () => {
    const started = await begin(service, "library/rotated");
    const { key, keys, publish } = started;
    const next = await key("timestamp", "POST");
    expect(next).not.toEqual(keys.timestamp);
    expect(await key("timestamp", "POST")).toEqual(next);
    expect(await key("timestamp")).toEqual(keys.timestamp);
    const root = signed(rootDocument({ ...keys, timestamp: next }, 2), [keys.root]);
    expect((await publish({ root })).status).toBe(200);
    expect(await key("timestamp")).toEqual(next);
    expect((await started.get("timestamp.json")).text).toContain(keyIdOf(next.wire));
    expect(await key("timestamp", "POST")).not.toEqual(next);
  });

  test("sign for their own collection and role alone", async () => {
    const { keys } = await begin(service, "library/bound");
    const other = collectionOf(service, "library/thief");
    const own = { root: await rootKey(other.gun), targets: keys.targets };
    const files = (snapshot: typeof keys.snapshot, timestamp: typeof keys.timestamp) => ({
      root: signed(rootDocument({ ...own, snapshot, timestamp }), [own.root]),
      targets: signed(targetsDocument(), [own.targets]),
    });
    const mine = { snapshot: await other.key("snapshot"), timestamp: await other.key("timestamp") };
    expect((await other.publish(files(mine.snapshot, keys.timestamp))).error?.detail?.Name).toBe(
      "ErrBadRoot",
    );
    expect((await other.publish(files(keys.snapshot, mine.timestamp))).error?.detail?.Name).toBe(
      "ErrBadHierarchy",
    );
    expect((await other.publish(files(mine.timestamp, mine.snapshot))).error?.detail?.Name).toBe(
      "ErrBadHierarchy",
    );
    expect((await other.publish(files(mine.snapshot, mine.timestamp))).status).toBe(200);
  });

  test("outlive a restart, named or not, and lie on the disk sealed", async () => {
    const started = await begin(service, "library/restart");
    const next = await started.key("snapshot", "POST");
    await berth.restart();
    expect(await started.key("timestamp")).toEqual(started.keys.timestamp);
    expect(await started.key("snapshot", "POST")).toEqual(next);
    expect((await publishTag(started, 2)).status).toBe(200);

    const names = await readdir(berth.dataDir, { recursive: true, withFileTypes: true });
    for (const file of names.filter((name) => name.isFile())) {
      const text = (await readFile(join(file.parentPath, file.name))).toString("latin1");
      // The begin of every private key: in PEM, in DER and in the base64 of it.
      expect(text, file.name).not.toMatch(
        /PRIVATE KEY|\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48|MIGHAgEAMBMGByqGSM49/,
      );
    }
  });
});

describe("timestamps and snapshots", () => {
  test("are signed anew before they expire, once however many ask", async () => {
    const started = await begin(service, "library/aging");
    const first = await started.get("timestamp.json");
    time += 12 * day;
    expect((await started.get("timestamp.json")).text).toBe(first.text);
    time += 1.5 * day;
    const answers = await Promise.all(Array.from({ length: 6 }, () => started.get("timestamp.json")));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const { signed: fresh } = await started.read("timestamp");
    expect(fresh.version).toBe(2);
    expect(Date.parse(fresh.expires) - time).toBeGreaterThan(13 * day);
    expect((await started.get("1.timestamp.json")).text).toBe(first.text);
    expect(await version(started, "snapshot")).toBe(1);
  });

  test("a snapshot is signed anew half a year before its end, and a timestamp with it", async () => {
    const started = await begin(service, "library/old");
    time += 3 * 365 * day - 180 * day;
    // By either way to it.
    expect(await version(started, "snapshot")).toBe(2);
    expect(await version(started, "timestamp")).toBe(2);
    const { records } = JSON.parse((await started.ask("changefeed?records=9")).text) as { records: object[] };
    expect(records).toHaveLength(2);
  });

  test("whose keys are elsewhere are served as they are", async () => {
    const started = await begin(service, "library/stale");
    const secrets = join(berth.dataDir, "secrets.json");
    await berth.registry.stop();
    const kept = JSON.parse(await readFile(secrets, "utf8")) as { entries: Record<string, string> };
    expect(kept.entries["trust-key"]).toBeDefined();
    await rm(secrets);
    await berth.restart();
    time += 100 * day;
    expect(await version(started, "timestamp")).toBe(1);
    // The way out: keys that are here.
    const { keys, key, publish } = started;
    const fresh = { ...keys, timestamp: await key("timestamp"), snapshot: await key("snapshot") };
    expect((await publish({ root: signed(rootDocument(fresh, 2), [keys.root]) })).status).toBe(200);
    expect(await version(started, "timestamp")).toBe(2);
  });
});

describe("a collection that is deleted", () => {
  test("is gone, begins anew at version 1, and takes no other with it", async () => {
    const [started, neighbour] = [
      await begin(service, "library/gone"),
      await begin(service, "library/gone2"),
    ];
    await publishTag(started, 9);
    expect((await started.ask("tuf/", { method: "DELETE" })).status).toBe(200);
    for (const name of ["root", "timestamp", "9.targets", "1.root"])
      expect((await started.get(`${name}.json`)).status).toBe(404);
    expect((await started.ask("tuf/", { method: "DELETE" })).status).toBe(200);
    expect((await neighbour.get("root.json")).status).toBe(200);
    const again = await begin(service, "library/gone");
    expect(await version(again, "targets")).toBe(1);
  });

  test("stays in the changes, which tell of it once", async () => {
    const started = await begin(service, "library/told");
    await publishTag(started, 2);
    for (let n = 0; n < 2; n += 1) await started.ask("tuf/", { method: "DELETE" });
    const told = async (query: string) => {
      const { text } = await started.ask(`changefeed?${query}`);
      const { count, records } = JSON.parse(text) as { count: number; records: Record<string, unknown>[] };
      expect(count).toBe(records.length);
      return records;
    };
    const all = await told("records=10");
    expect(all.map(({ Category, Version, GUN }) => [Category, Version, GUN])).toEqual([
      ["update", 1, started.gun],
      ["update", 2, started.gun],
      ["deletion", 0, started.gun],
    ]);
    expect(all.map(({ SHA256 }) => String(SHA256).length)).toEqual([64, 64, 0]);
    const [first, second, third] = all;
    expect(await told(`records=1&change_id=${String(first?.["ID"])}`)).toEqual([second]);
    expect(await told(`records=-1&change_id=${String(third?.["ID"])}`)).toEqual([second]);
    expect(await told("records=2&change_id=-1")).toEqual([second, third]);
    expect(await told("records=-1")).toEqual([third]);
    expect(await told("records=0")).toEqual(all);
    for (const query of ["", "records=x", "records=1.5", "records=1&change_id=y"])
      expect((await started.ask(`changefeed?${query}`)).error).toMatchObject({ code: "INVALID_PARAMETERS" });
    const everywhere = await berth.fetch("/v2/_trust/changefeed?records=1&change_id=-1");
    expect(await everywhere.json()).toMatchObject({ count: 1 });
    expect((await berth.fetch("/v2/_trust/changefeed?records=1", { as: null })).status).toBe(401);
  });

  test("with its repository, or its project, is deleted under all its names", async () => {
    const admin = berth.client();
    await admin.projects.create({ project_name: "brief" });
    await push("library/removed");
    const hosts = [service.host, service.host.replace("localhost", "127.0.0.1")];
    const named = await Promise.all(hosts.map((host) => begin({ ...service, host }, "library/removed")));
    const kept = await begin(service, "library/removed/not");
    const project = await begin(service, "brief/app");

    await admin.repositories.remove({ project_name: "library", repository_name: "removed" });
    for (const { get } of named) expect((await get("root.json")).status).toBe(404);
    expect((await kept.get("root.json")).status).toBe(200);

    await admin.projects.remove({ project_name_or_id: "brief" });
    await admin.projects.create({ project_name: "brief" });
    expect((await project.get("root.json")).status).toBe(404);
    const { text } = await project.ask("changefeed?records=5");
    expect(JSON.parse(text)).toEqual({ count: 0, records: [] });
  });

  /** The smallest image. */
  async function push(name: string): Promise<void> {
    const config = { mediaType: "application/vnd.oci.empty.v1+json", digest: empty, size: 2 };
    const type = "application/vnd.oci.image.manifest.v1+json";
    const manifest = { schemaVersion: 2, mediaType: type, artifactType: "a/b", config, layers: [config] };
    await berth.fetch(`/v2/${name}/blobs/uploads/?digest=${empty}`, { method: "POST", body: "{}" });
    const headers = { "content-type": type };
    const put = { method: "PUT", headers, body: JSON.stringify(manifest) };
    expect((await berth.fetch(`/v2/${name}/manifests/1`, put)).status).toBe(201);
  }
  const empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
});

test("who publishes and deletes is told to listeners and kept in the log", async () => {
  const heard: RegistryEvent[] = [];
  const admin = await berth.signIn(berth.admin.name, berth.admin.password);
  const end = berth.registry.subscribe(
    () => Promise.resolve(admin),
    (event) => heard.push(event),
  );
  const started = await begin(service, "library/heard");
  await started.publish({ targets: Buffer.from("{}") });
  await started.ask("tuf/", { method: "DELETE" });
  await started.ask("tuf/", { method: "DELETE" });
  await expect.poll(() => heard.length).toBe(2);
  end();
  const about = { name: "trust.changed", project_name: "library", repository_name: "library/heard" };
  expect(heard).toEqual([expect.objectContaining(about), expect.objectContaining(about)]);

  const { items } = await berth.client().audit.list({ resource_type: "trust", resource: "library/heard" });
  expect(items.map(({ operation, username, resource }) => [operation, username, resource])).toEqual([
    ["delete", "admin", started.gun],
    ["publish", "admin", started.gun],
  ]);
});
