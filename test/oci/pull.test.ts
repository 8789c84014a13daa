import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { codesOf, digestOf, imageType, pushBlob, pushImage, type Image } from "./images.ts";
import { sendRaw } from "./wire.ts";

let berth: Berth;
let image: Image;
const name = "library/pull";
const bytes = Buffer.from(Array.from({ length: 2048 }, (_, at) => at % 251));
const digest = digestOf(bytes);

beforeAll(async () => {
  berth = await startBerth();
  image = await pushImage(berth, name, "latest");
  await pushBlob(berth, name, bytes);
});
afterAll(() => berth.close());

const blob = (headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  berth.fetch(`/v2/${name}/blobs/${digest}`, { method, headers });

describe("end-1 GET /v2/", () => {
  it("tells who is signed in that this is a registry", async () => {
    const answer = await berth.fetch("/v2/");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  });

  it("asks a stranger for a token, with the version header that old clients look for", async () => {
    const answer = await sendRaw(berth, "GET /v2/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toMatch(/WWW-Authenticate: Bearer realm="http:.*\/service\/token"/i);
    expect(answer).toContain("Docker-Distribution-Api-Version: registry/2.0");
  });
});

describe("end-2 GET and HEAD of a blob", () => {
  it("serves the bytes as a file that a browser neither guesses nor runs", async () => {
    const answer = await blob();
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "2048",
      "docker-content-digest": digest,
      etag: `"${digest}"`,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
    });
  });

  it("tells by HEAD the same as by GET, without the bytes", async () => {
    const [got, asked] = [await blob(), await blob({}, "HEAD")];
    const plain = (answer: Response) =>
      Object.fromEntries(
        [...answer.headers].filter(
          ([key]) => !["date", "x-request-id", "connection", "keep-alive"].includes(key),
        ),
      );
    expect(asked.status).toBe(200);
    expect(await asked.text()).toBe("");
    expect(plain(asked)).toEqual(plain(got));
  });

  it.each([
    ["bytes=500-1499", 206, "bytes 500-1499/2048", 500, 1500],
    ["bytes=500-", 206, "bytes 500-2047/2048", 500, 2048],
    ["bytes=-500", 206, "bytes 1548-2047/2048", 1548, 2048],
    ["bytes=-5000", 206, "bytes 0-2047/2048", 0, 2048],
    ["bytes=2000-5000", 206, "bytes 2000-2047/2048", 2000, 2048],
    ["bytes=0-0", 206, "bytes 0-0/2048", 0, 1],
    ["bytes=0-1,5-9", 200, null, 0, 2048],
    ["lines=0-1", 200, null, 0, 2048],
  ])("answers a range of %s with %d", async (range, status, contentRange, start, end) => {
    const answer = await blob({ range });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-range")).toBe(contentRange);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes.subarray(start, end));
  });

  it.each(["bytes=5000-10000", "bytes=500-0", "bytes=2048-", "bytes=-0"])(
    "refuses the range %s with 416 and the size",
    async (range) => {
      const answer = await blob({ range });
      expect(answer.status).toBe(416);
      expect(answer.headers.get("content-range")).toBe("bytes */2048");
      expect(await codesOf(answer)).toEqual(["RANGE_INVALID"]);
    },
  );

  it("resumes a range only of the bytes it was begun with", async () => {
    expect((await blob({ range: "bytes=0-1", "if-range": `"${digest}"` })).status).toBe(206);
    expect((await blob({ range: "bytes=0-1", "if-range": '"sha256:other"' })).status).toBe(200);
  });

  it("serves an empty blob", async () => {
    const empty = await pushBlob(berth, name, "");
    const answer = await berth.fetch(`/v2/${name}/blobs/${empty}`);
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([
      200,
      "0",
      "",
    ]);
  });

  it("says 404 for a blob it has not, and for a repository it has not", async () => {
    const missing = digestOf("nobody pushed this");
    expect(await codesOf(await berth.fetch(`/v2/${name}/blobs/${missing}`))).toEqual(["BLOB_UNKNOWN"]);
    expect(await codesOf(await berth.fetch(`/v2/library/nothing/blobs/${missing}`))).toEqual([
      "NAME_UNKNOWN",
    ]);
    expect((await berth.fetch(`/v2/${name}/blobs/${missing}`, { method: "HEAD" })).status).toBe(404);
  });
});

describe("end-3 GET and HEAD of a manifest", () => {
  it("serves the bytes that were pushed, by tag and by digest, with exactly the type they were pushed with", async () => {
    for (const reference of ["latest", image.digest]) {
      const answer = await berth.fetch(`/v2/${name}/manifests/${reference}`);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe(image.text);
      expect(answer.headers.get("content-type")).toBe(imageType);
      expect(answer.headers.get("docker-content-digest")).toBe(image.digest);
    }
    const asked = await berth.fetch(`/v2/${name}/manifests/latest`, { method: "HEAD" });
    expect(asked.headers.get("content-length")).toBe(String(image.text.length));
    expect(asked.headers.get("docker-content-digest")).toBe(image.digest);
  });

  it("answers 304 to who has it already", async () => {
    const headers = { "if-none-match": `"${image.digest}"` };
    expect((await berth.fetch(`/v2/${name}/manifests/latest`, { headers })).status).toBe(304);
  });

  it.each(["missing", ".INVALID_MANIFEST_NAME", digestOf("missing")])(
    "says 404 for %s",
    async (reference) => {
      const answer = await berth.fetch(`/v2/${name}/manifests/${reference}`);
      expect(answer.status).toBe(404);
      expect(await codesOf(answer)).toEqual(["MANIFEST_UNKNOWN"]);
    },
  );

  it("refuses what looks like a digest and is none", async () => {
    const answer = await berth.fetch(`/v2/${name}/manifests/sha256:totallywrong`);
    expect(answer.status).toBe(400);
    expect(await codesOf(answer)).toEqual(["DIGEST_INVALID"]);
  });

  it("reads a digest whose colon a client wrote as %3A", async () => {
    const answer = await berth.fetch(`/v2/${name}/manifests/${image.digest.replace(":", "%3A")}`);
    expect(answer.status).toBe(200);
  });

  it("counts each GET of a manifest as a pull, and no HEAD", async () => {
    await pushImage(berth, "library/counted", "v1", "counted");
    const read = () =>
      berth.client().repositories.get({ project_name: "library", repository_name: "counted" });
    for (const method of ["GET", "HEAD", "GET", "HEAD", "GET"]) {
      await berth.fetch("/v2/library/counted/manifests/v1", { method });
    }
    await expect.poll(async () => (await read()).pull_count, { timeout: 5000 }).toBe(3);
  });
});

it("refuses a method that an endpoint has not, and names those it has", async () => {
  const answer = await berth.fetch(`/v2/${name}/manifests/latest`, { method: "POST" });
  expect(answer.status).toBe(405);
  expect(answer.headers.get("allow")).toBe("GET, HEAD, PUT, DELETE");
});
