import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { openStore } from "../../registry/store/open.ts";
import { expire } from "../../registry/upkeep/expire.ts";

test("ends uploads that nobody goes on with and sessions that are over, and nothing else", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "berth-expire-"));
  const { blobs, collections, close } = await openStore({
    dataDir,
    now: () => new Date(),
    log: () => undefined,
  });
  const started = new Date().toISOString();
  const upload = await blobs.begin("0123456789abcdef", {
    repository_name: "library/app",
    user: "admin",
    started,
  });
  await upload.append(Readable.from([Buffer.from("half")]));
  const session = { user_id: 1, created: started, minutes: 60, from: "window", agent: "" };
  const inHours = (hours: number): Date => new Date(Date.now() + hours * 60 * 60_000);
  await collections.sessions.insert({ ...session, hash: "short", expires: inHours(1).toISOString() });
  await collections.sessions.insert({ ...session, hash: "long", expires: inHours(100).toISOString() });

  await expire({ blobs, collections, now: () => inHours(23) });
  expect((await blobs.upload("0123456789abcdef"))?.size).toBe(4);
  expect(await collections.sessions.get("short")).toBeUndefined();

  await expire({ blobs, collections, now: () => inHours(25) });
  expect(await blobs.upload("0123456789abcdef")).toBeUndefined();
  expect(await collections.sessions.get("long")).toBeDefined();
  await close();
  await rm(dataDir, { recursive: true, force: true });
});
