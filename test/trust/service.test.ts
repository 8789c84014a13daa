import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { sendRaw } from "../oci/wire.ts";
import { signed, tagEntry, targetsDocument } from "./author.ts";
import { begin, collectionOf, serviceOf, type Collection, type Service } from "./collection.ts";

let berth: Berth;
let service: Service;
const missing = "You have requested metadata that does not exist.";

beforeAll(async () => {
  berth = await startBerth();
  service = serviceOf(berth);
});
afterAll(() => berth?.close());

const hexOf = (text: string, algorithm = "sha256"): string =>
  createHash(algorithm).update(text).digest("hex");

describe("metadata", () => {
  test("what is current may be kept for minutes, what is asked for by digest or version for a month", async () => {
    const { get } = await begin(service, "library/cached");
    const root = await get("root.json");
    const kept = {
      current: "public, max-age=300, s-maxage=300, must-revalidate",
      consistent: "public, max-age=2592000, s-maxage=2592000",
    };
    for (const name of ["root", "targets", "snapshot", "timestamp"]) {
      const current = await get(`${name}.json`);
      const found = [await get(`${name}.${hexOf(current.text)}.json`), await get(`001.${name}.json`)];
      expect(current.headers.get("cache-control")).toBe(kept.current);
      for (const { status, text, headers } of found) {
        expect([status, text]).toEqual([200, current.text]);
        expect(headers.get("cache-control")).toBe(kept.consistent);
      }
    }
    expect(root.headers.get("last-modified")).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
    // A shared cache must not hand it to who may not read it.
    expect(root.headers.get("vary")).toBe("Authorization");
  });

  test("is sent whole whatever the client has already: a 304 would be an error to it", async () => {
    const { ask } = await begin(service, "library/conditional");
    const later = new Date(Date.now() + 60_000).toUTCString();
    const answer = await ask("tuf/timestamp.json", {
      headers: { "if-modified-since": later, "if-none-match": "*" },
    });
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, null]);
    expect(answer.text).toContain('"Timestamp"');
  });

  test("is found by SHA-256 in small letters, and only of the role that was asked for", async () => {
    const { get } = await begin(service, "library/digests");
    const { text } = await get("snapshot.json");
    const hex = hexOf(text);
    for (const name of [
      `targets.${hex}`,
      `snapshot.${hex.toUpperCase()}`,
      `snapshot.${hexOf(text, "sha512")}`,
    ])
      expect((await get(`${name}.json`)).error).toMatchObject({ code: "METADATA_NOT_FOUND", detail: {} });
  });

  test("that is not there is told as missing", async () => {
    const { get } = await begin(service, "library/missing");
    for (const name of ["2.root", "9.targets", "targets/releases", `root.${"0".repeat(64)}`]) {
      const { status, error, headers } = await get(`${name}.json`);
      expect([status, error]).toEqual([404, { code: "METADATA_NOT_FOUND", message: missing, detail: {} }]);
      expect(headers.get("cache-control")).toBeNull();
    }
  });

  test("ten thousand tags fit into one role", async () => {
    const { publish, get, keys } = await begin(service, "library/many");
    const targets = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [`tag-${n}`, tagEntry(hexOf(String(n)))]),
    );
    const document = signed(targetsDocument(2, { targets }), [keys.targets]);
    expect(document.length).toBeGreaterThan(900_000);
    expect((await publish({ targets: document })).status).toBe(200);
    expect((await get("targets.json")).text).toBe(document.toString());
  });

  test("old roots stay, and superseded metadata can still be read", async () => {
    const { publish, get, keys } = await begin(service, "library/old");
    const before = await get("snapshot.json");
    for (const version of [2, 3])
      await publish({ targets: signed(targetsDocument(version), [keys.targets]) });
    expect((await get(`snapshot.${hexOf(before.text)}.json`)).text).toBe(before.text);
    expect((await get("1.timestamp.json")).status).toBe(200);
    expect((await get("1.root.json")).status).toBe(200);
  });
});

describe("what is no resource", () => {
  test.each([
    ["GET", "tuf/targets.key"],
    ["GET", "tuf/root.key"],
    ["GET", "tuf/"],
    ["GET", "tuf/targets/.json"],
    ["GET", "tuf/targets/a%20b.json"],
    ["GET", "other"],
    ["POST", "tuf/root.json"],
    ["POST", "tuf/targets.key"],
    ["DELETE", "tuf/root.json"],
    ["PUT", "tuf/root.json"],
  ])("%s of %s is told as missing", async (method, path) => {
    const { status, error } = await collectionOf(service, "library/nothing").ask(path, { method });
    expect([status, error]).toEqual([404, { code: "METADATA_NOT_FOUND", message: missing }]);
  });

  test("methods that nobody has are refused without a word", async () => {
    const { ask } = await begin(service, "library/methods");
    expect((await ask("tuf/root.json", { method: "HEAD" })).status).toBe(404);
    for (const method of ["PATCH", "OPTIONS"]) {
      const { status, text } = await ask("tuf/root.json", { method });
      expect([status, text]).toEqual([405, ""]);
    }
  });

  test("a server address that ends with a slash is forgiven", async () => {
    const { gun } = await begin(service, "library/slash");
    const { authorization } = {
      authorization: `Basic ${btoa(`${berth.admin.name}:${berth.admin.password}`)}`,
    };
    const head = `Host: HOST\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`;
    for (const path of ["//v2/", `//v2/${gun}/_trust/tuf/root.json`])
      expect(await sendRaw(berth, `GET ${path} HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("the health of the service is told to anybody", async () => {
    const answer = await berth.fetch("/_notary_server/health", { as: null });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  });
});

describe("the name of a collection", () => {
  const names = (): string[] => [
    ...["localhost", "localhost:5143", "127.0.0.1:5143", "[::1]:5143", "LOCALHOST:1"].map(
      (host) => `${host}/library/app`,
    ),
    "host.docker.internal:5143/library/app/deep/er",
  ];
  test("is one of this registry's names, with any port, and a repository", async () => {
    for (const gun of names()) {
      const { status, error } = await whole(gun).get("root.json");
      expect([gun, status, error?.detail]).toEqual([gun, 404, {}]);
    }
  });

  test("of any other kind is refused: for an upload in words, else as missing", async () => {
    for (const gun of [
      "other/app",
      "library/app",
      "docker.io/library/alpine",
      "localhost:5143/app",
      "localhost:5143/Library/App",
      "localhost:x/library/app",
      "localhost:5143/library/a%20b",
      `localhost/library/${"a".repeat(250)}`,
    ]) {
      const { get, key, publish, ask } = whole(gun);
      expect((await get("root.json")).error).toEqual({ code: "METADATA_NOT_FOUND", message: missing });
      await expect(key("timestamp")).rejects.toThrow();
      expect((await ask("tuf/", { method: "DELETE" })).status).toBe(404);
      const { status, error } = await publish({ targets: Buffer.from("{}") });
      expect([status, error?.code]).toEqual([400, "INVALID_GUN"]);
      expect(error?.detail).toBe(`Require GUNs with prefix: [${new URL(berth.url).host}/]`);
    }
  });

  test("with a slash in disguise is no name", async () => {
    for (const gun of [
      "localhost:5143/library/..%2fapp",
      "localhost:5143/library%2fapp",
      "localhost:5143/library/%zz",
    ])
      expect((await whole(gun).publish({})).error?.code).toBe("METADATA_NOT_FOUND");
  });

  test("tells collections apart: what is signed under one name is not under another", async () => {
    await begin(service, "library/named");
    const other = collectionOf(
      { ...service, host: berth.address.replace("localhost", "127.0.0.1") },
      "library/named",
    );
    expect((await other.get("root.json")).status).toBe(404);
  });

  const whole = (gun: string): Collection => {
    const slash = gun.indexOf("/");
    return collectionOf({ ...service, host: gun.slice(0, slash) }, gun.slice(slash + 1));
  };
});

describe("an upload", () => {
  test("is served and hashed as it was written, line breaks and all", async () => {
    const { publish, get, read, keys } = await begin(service, "library/verbatim");
    const wire = signed({ ...targetsDocument(2), more: ["é", { z: 1, a: null }] }, [keys.targets]).toString();
    const pretty = JSON.stringify(JSON.parse(wire), null, 2);
    expect((await publish({ targets: Buffer.from(pretty) })).status).toBe(200);
    expect((await get("targets.json")).text).toBe(pretty);
    const meta = (await read("snapshot")).signed.meta as Record<string, { length: number }>;
    expect(meta["targets"]?.length).toBe(Buffer.byteLength(pretty));
  });

  test("of one who read the same versions as another is refused when the other was first", async () => {
    const { publish, read, keys } = await begin(service, "library/race");
    const uploads = Array.from({ length: 8 }, (_, n) =>
      publish({
        targets: signed(targetsDocument(2, { targets: { [`by-${n}`]: tagEntry(hexOf("x")) } }), [
          keys.targets,
        ]),
      }),
    );
    const codes = (await Promise.all(uploads)).map(({ status, error }) => error?.code ?? status);
    expect(codes.sort()).toEqual([200, ...Array<string>(7).fill("VERSION")]);
    expect((await read("timestamp")).signed.version).toBe(2);
  });

  test("larger than any honest one is refused unread", async () => {
    const { publish } = await begin(service, "library/huge");
    const { status, error } = await publish({ targets: Buffer.alloc(33 * 2 ** 20) });
    expect([status, error?.code]).toEqual([400, "MALFORMED_UPLOAD"]);
  });
});
