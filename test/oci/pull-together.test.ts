import { randomBytes } from "node:crypto";
import { readdir, readlink } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { digestOf, pushBlob } from "./images.ts";
import { basic, open, sendRaw } from "./wire.ts";

let berth: Berth;
const name = "library/together";
const bytes = randomBytes(12_000_000);
const digest = digestOf(bytes);

beforeAll(async () => {
  berth = await startBerth();
  await pushBlob(berth, name, bytes);
});
afterAll(() => berth.close());

const head = (): string => `GET /v2/${name}/blobs/${digest} HTTP/1.1\r\nHost: HOST\r\n${basic(berth)}`;

/** Whether this process, which is the registry's too, has a blob's file open. */
async function isOpen(): Promise<boolean> {
  const fds = await readdir("/proc/self/fd").catch(() => []); // Linux alone has it.
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return paths.some((path) => path.startsWith(`${berth.dataDir}/blobs/`));
}

async function untilClosed(): Promise<void> {
  for (let tries = 0; await isOpen(); tries++) {
    expect(tries).toBeLessThan(200);
    await wait(10);
  }
}

test("end-2 a dozen clients that pull one layer at once get it whole, though others break off", async () => {
  const leaving = Array.from({ length: 6 }, async (_, n) => {
    const socket = await open(berth);
    socket.on("error", () => undefined);
    socket.write(`${head()}\r\n`.replaceAll("HOST", new URL(berth.url).host));
    await wait(5 * n);
    socket.destroy();
  });
  const pulls = Array.from({ length: 12 }, async () => {
    const answer = await berth.fetch(`/v2/${name}/blobs/${digest}`);
    return digestOf(new Uint8Array(await answer.arrayBuffer()));
  });
  for (const got of await Promise.all(pulls)) expect(got).toBe(digest);
  await Promise.all(leaving);
  await untilClosed();
});

test("end-2 two layers asked for on one connection, one behind the other, come whole and in order", async () => {
  const answer = await sendRaw(berth, `${head()}\r\n${head()}Connection: close\r\n\r\n`);
  const body = bytes.toString("latin1");
  const first = answer.indexOf(body);
  expect(first).toBeGreaterThan(0);
  expect(answer.indexOf(body, first + body.length)).toBeGreaterThan(first + body.length);
});

test("end-2 a client that asks twice on one connection and goes leaves no file open", async () => {
  for (let n = 0; n < 5; n++) {
    const socket = await open(berth);
    socket.on("error", () => undefined);
    socket.write(`${head()}\r\n${head()}\r\n`.replaceAll("HOST", new URL(berth.url).host));
    await wait(20);
    socket.destroy();
  }
  await untilClosed();
});
