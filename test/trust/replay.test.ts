import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createEvents } from "../../registry/events.ts";
import { boundaryOf, partsOf } from "../../registry/http/multipart.ts";
import { toTrustTarget } from "../../registry/http/trust-path.ts";
import { openStore } from "../../registry/store/open.ts";
import { canonicalOf } from "../../registry/trust/canonical.ts";
import { createArchive, type Place } from "../../registry/trust/archive.ts";
import { keyIdOf, toKey, verify, type Key } from "../../registry/trust/keys.ts";
import { toMetadata } from "../../registry/trust/metadata.ts";
import { createPublishing } from "../../registry/trust/publishing.ts";
import { createReading } from "../../registry/trust/reading.ts";
import type { ServerKeys } from "../../registry/trust/server-keys.ts";
import { toUpload } from "../../registry/trust/upload.ts";
import { temporaryFolder } from "../store/folder.ts";

/** One request of the real clients to the reference, and its answer. */
interface Exchange {
  method: string;
  url: string;
  at: string;
  status: number;
  answer: string;
  type?: string;
  body?: string;
}

async function exchanges(): Promise<Exchange[]> {
  const packed = await readFile(new URL("./notary-clients.jsonl.gz", import.meta.url));
  const lines = gunzipSync(packed).toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Exchange);
}

/** The keys that the reference gave out: their private halves are its own, so that nothing is truly signed with them. */
function givenKeys(): ServerKeys & { give(answer: string): void } {
  const given = new Set<string>();
  return {
    give: (answer) => void given.add(keyIdOf(toKey(JSON.parse(answer)))),
    held: () => Promise.resolve(undefined),
    next: () => Promise.reject(new Error("keys are given by the reference")),
    used: () => Promise.resolve(),
    signerOf: () =>
      async function sign(role, signed) {
        const signatures = role.keyids
          .filter((keyid) => given.has(keyid))
          .map((keyid) => ({ keyid, method: "ecdsa", sig: "" }));
        return signatures.length < role.threshold
          ? undefined
          : toMetadata(Buffer.from(JSON.stringify({ signed, signatures })));
      },
  };
}

test("what notary and docker said to the reference is answered as it was", async () => {
  let time = 0;
  const now = (): Date => new Date(time);
  const store = await openStore({ dataDir: await temporaryFolder(), now, log: () => undefined });
  const { collections } = store;
  const keys = givenKeys();
  const archive = createArchive({ ...store, now });
  const events = createEvents(now, (error) => {
    throw error;
  });
  const publishing = createPublishing({ collections, archive, keys, events, locks: store.locks, now });
  const reading = createReading({ archive, refresh: publishing.refresh });
  const counts = { published: 0, refused: 0, read: 0, missing: 0 };

  async function answerTo({ method, url, type = "", body = "" }: Exchange): Promise<string> {
    const target = toTrustTarget(url);
    if (!target) throw new Error(`there is no ${url}`);
    const place: Place = { gun: target.gun, project_id: 1, repository_name: "library/app" };
    if (method === "DELETE") await publishing.remove(place, "");
    if (method === "POST") {
      const parts = partsOf(Buffer.from(body), boundaryOf(type) ?? "") ?? [];
      await publishing.publish(place, toUpload(parts), "");
    }
    if (method !== "GET") return "";
    if (target.kind === "current") return (await reading.current(place, target.role)).bytes.toString();
    if (target.kind === "version")
      return (await reading.byVersion(place, target.role, target.version)).bytes.toString();
    if (target.kind === "digest")
      return (await reading.byDigest(place, target.role, target.sha256)).bytes.toString();
    throw new Error(`nothing reads ${url}`);
  }

  for (const exchange of await exchanges()) {
    const { method, url, status, answer } = exchange;
    time = Date.parse(exchange.at);
    if (url.endsWith(".key")) {
      keys.give(answer);
      continue;
    }
    const [text, fault] = await answerTo({ ...exchange, url: known(exchange) }).then(
      (found) => [found, undefined] as const,
      (error: { toJSON?: () => object }) => [undefined, error.toJSON?.() ?? error] as const,
    );
    const about = `${method} ${url}`;
    if (status !== 200) {
      expect(fault, about).toEqual((JSON.parse(answer) as { errors: object[] }).errors[0]);
      counts[method === "POST" ? "refused" : "missing"] += 1;
      continue;
    }
    expect(fault, about).toBeUndefined();
    if (method === "GET") expect(meant(text ?? ""), about).toEqual(meant(answer));
    counts[method === "GET" ? "read" : "published"] += 1;
  }
  await store.close();
  expect(counts).toEqual({ published: 62, refused: 5, read: 473, missing: 34 });
});

/** A snapshot that the reference signed has another digest here, but the same version. */
function known({ url, status, answer }: Exchange): string {
  if (status !== 200 || !/\/snapshot\.[0-9a-f]{64}\.json$/.test(url)) return url;
  const { signed } = JSON.parse(answer) as { signed: { version: number } };
  return url.replace(/snapshot\.[0-9a-f]{64}/, `${signed.version}.snapshot`);
}

/** What the server makes has its own signature, time and order: only what it says of others can be the same. */
function meant(text: string): unknown {
  const { signed } = JSON.parse(text) as { signed: { _type: string; version: number; meta: object } };
  if (signed._type === "Timestamp") return signed.version;
  return signed._type === "Snapshot" ? { meta: signed.meta, version: signed.version } : text;
}

test("every signature that the real clients and the reference made is a good one", async () => {
  const documents = (await exchanges())
    .filter(
      ({ url, status, answer }) => status === 200 && url.endsWith(".json") && answer.includes('"signed"'),
    )
    .map(({ answer }) => toMetadata(Buffer.from(answer)));
  const keys = new Map<string, Key>();
  for (const { signed } of documents) {
    const { keys: held = {}, delegations } = signed as {
      keys?: object;
      delegations?: { keys: object | null };
    };
    for (const [keyid, key] of Object.entries({ ...held, ...delegations?.keys })) keys.set(keyid, toKey(key));
  }
  const methods: Record<string, number> = {};
  for (const { signed, signatures } of documents) {
    const bytes = canonicalOf(signed);
    for (const signature of signatures) {
      const key = keys.get(signature.keyid);
      if (!key) continue;
      expect(keyIdOf(key)).toBe(signature.keyid);
      expect(verify(key, signature, bytes), signature.keyid).toBe(true);
      methods[key.keytype] = (methods[key.keytype] ?? 0) + 1;
    }
  }
  expect(methods).toEqual({ ed25519: 200, ecdsa: 154, "ecdsa-x509": 98, "rsa-x509": 6 });
});
