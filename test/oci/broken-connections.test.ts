import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { beginUpload, digestOf, imageType, prepareImage, pushBlob } from "./images.ts";
import { basic, breakOff, open, sendRaw } from "./wire.ts";

let berth: Berth;
const name = "library/broken";
const bytes = randomBytes(100_000);
const digest = digestOf(bytes);
beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth.close());

const head = (method: string, path: string, length: number): string =>
  `${method} ${path} HTTP/1.1\r\nHost: HOST\r\n${basic(berth)}Content-Length: ${length}\r\n` +
  "Content-Type: application/octet-stream\r\n\r\n";

/** How many bytes the registry says it has, once no request writes to the upload. */
async function received(location: string): Promise<number> {
  const status = await berth.fetch(location);
  expect(status.status).toBe(204);
  const end = Number(status.headers.get("range")?.split("-")[1]);
  return end === 0 ? 0 : end + 1;
}

/** Goes on from where the registry says it is, as a client would, and finishes. */
async function resume(location: string): Promise<void> {
  await expect
    .poll(async () => {
      const start = await received(location);
      const rest = bytes.subarray(start);
      if (rest.length === 0) return 202;
      const range = `${start}-${bytes.length - 1}`;
      const headers = { "content-range": range, "content-type": "application/octet-stream" };
      return (await berth.fetch(location, { method: "PATCH", headers, body: rest })).status;
    })
    .toBe(202);
  const put = await berth.fetch(`${location}?digest=${digest}`, { method: "PUT" });
  expect(put.status).toBe(201);
  const stored = await berth.fetch(`/v2/${name}/blobs/${digest}`);
  expect(Buffer.from(await stored.arrayBuffer()).equals(bytes)).toBe(true);
  await berth.fetch(`/v2/${name}/blobs/${digest}`, { method: "DELETE" });
}

describe("an upload whose connection breaks", () => {
  it.each([0, 1, 2, 1000, 16_384, 65_535, 65_536, 99_999])(
    "after %d bytes goes on from where it was",
    async (at) => {
      const location = await beginUpload(berth, name);
      await breakOff(berth, head("PATCH", location, bytes.length), bytes.subarray(0, at));
      await expect.poll(() => received(location)).toBe(at <= 1 ? 0 : at);
      if (at !== 1) await resume(location);
    },
  );

  it("in the closing PUT is no blob, and can go on", async () => {
    const location = await beginUpload(berth, name);
    await breakOff(
      berth,
      head("PUT", `${location}?digest=${digest}`, bytes.length),
      bytes.subarray(0, 30_000),
    );
    expect((await berth.fetch(`/v2/${name}/blobs/${digest}`, { method: "HEAD" })).status).toBe(404);
    await resume(location);
  });

  it("anywhere in the request's head changes nothing", async () => {
    const location = await beginUpload(berth, name);
    const whole = head("PATCH", location, bytes.length);
    for (let at = 0; at < whole.length; at += 7) await breakOff(berth, whole.slice(0, at), Buffer.alloc(0));
    expect(await received(location)).toBe(0);
    await resume(location);
  });

  it("in a POST of a whole blob leaves nothing", async () => {
    const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
    await breakOff(berth, head("POST", path, bytes.length), bytes.subarray(0, 50_000));
    expect((await berth.fetch(`/v2/${name}/blobs/${digest}`, { method: "HEAD" })).status).toBe(404);
  });
});

it("keeps a half upload over a restart, to be gone on with", async () => {
  const location = await beginUpload(berth, name);
  await berth.fetch(location, { method: "PATCH", body: bytes.subarray(0, 40_000) });
  await berth.restart();
  expect(await received(location)).toBe(40_000);
  await resume(location);
});

it("keeps no manifest whose connection broke, and no tag for it", async () => {
  const image = await prepareImage(berth, name, "cut");
  const type = `Content-Type: ${imageType}`;
  const start = head("PUT", `/v2/${name}/manifests/cut`, image.text.length).replace(/Content-Type: .*/, type);
  for (const at of [0, 1, image.text.length - 1]) {
    await breakOff(berth, start, Buffer.from(image.text.slice(0, at)));
  }
  expect((await berth.fetch(`/v2/${name}/manifests/cut`)).status).toBe(404);
});

it("lets a client go away in the middle of a pull, and serves the next one", async () => {
  const large = randomBytes(8 * 2 ** 20);
  const of = await pushBlob(berth, name, large);
  for (let times = 0; times < 5; times += 1) {
    const socket = await open(berth);
    socket.write(
      `GET /v2/${name}/blobs/${of} HTTP/1.1\r\nHost: ${new URL(berth.url).host}\r\n${basic(berth)}\r\n`,
    );
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
  }
  const whole = await berth.fetch(`/v2/${name}/blobs/${of}`);
  expect(Buffer.from(await whole.arrayBuffer()).equals(large)).toBe(true);
});

it("answers a refusal before a large body has come, so that the client can read it", async () => {
  const location = await beginUpload(berth, name);
  const range = "Content-Range: 5-2000004\r\n";
  const request = head("PATCH", location, 2_000_000).replace(
    "\r\n\r\n",
    `\r\n${range}Connection: close\r\n\r\n`,
  );
  const answer = await sendRaw(berth, request + "x".repeat(2_000_000));
  expect(answer).toMatch(/^HTTP\/1\.1 416 /);
  expect(answer).toContain('"code":"RANGE_INVALID"');
});
