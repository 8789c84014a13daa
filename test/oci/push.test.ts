import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { beginUpload, codesOf, digestOf, pushBlob } from "./images.ts";

let berth: Berth;
const name = "library/push";
beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth.close());

const send = (
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Response> => berth.fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
const stored = async (digest: string): Promise<string> =>
  (await berth.fetch(`/v2/${name}/blobs/${digest}`)).text();

describe("end-4a, end-6 POST then PUT", () => {
  it("gives a session with a UUID, and takes the whole blob in the closing PUT", async () => {
    const begun = await send("POST", `/v2/${name}/blobs/uploads/`);
    expect(begun.status).toBe(202);
    expect(begun.headers.get("location")).toMatch(
      /^\/v2\/library\/push\/blobs\/uploads\/[0-9a-f]{8}-[0-9a-f-]{27}$/,
    );
    expect(begun.headers.get("range")).toBe("0-0");
    const digest = digestOf("whole");
    const put = await send("PUT", `${begun.headers.get("location")}?digest=${digest}`, "whole");
    expect(put.status).toBe(201);
    expect(put.headers.get("location")).toBe(`/v2/${name}/blobs/${digest}`);
    expect(put.headers.get("docker-content-digest")).toBe(digest);
    expect(await stored(digest)).toBe("whole");
  });

  it("refuses a digest that does not match and keeps nothing", async () => {
    const [location, digest] = [await beginUpload(berth, name), digestOf("something else")];
    const put = await send("PUT", `${location}?digest=${digest}`, "these bytes");
    expect(put.status).toBe(400);
    expect(await codesOf(put)).toEqual(["DIGEST_INVALID"]);
    expect((await send("HEAD", `/v2/${name}/blobs/${digest}`)).status).toBe(404);
    expect((await send("HEAD", `/v2/${name}/blobs/${digestOf("these bytes")}`)).status).toBe(404);
    expect((await send("GET", location)).status).toBe(404);
  });

  it.each(["md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:abc", `sha256:${"A".repeat(64)}`, "", "sha256"])(
    "refuses the digest %j and leaves the session as it was",
    async (digest) => {
      const location = await beginUpload(berth, name);
      expect(await codesOf(await send("PUT", `${location}?digest=${digest}`, "bytes"))).toEqual([
        "DIGEST_INVALID",
      ]);
      expect((await send("GET", location)).status).toBe(204);
    },
  );

  it("keeps a blob under its sha512", async () => {
    const [location, digest] = [await beginUpload(berth, name), digestOf("long digest", "sha512")];
    expect((await send("PUT", `${location}?digest=${digest}`, "long digest")).status).toBe(201);
    expect(await stored(digest)).toBe("long digest");
  });
});

describe("end-4b POST with a digest", () => {
  it("takes a blob in one request", async () => {
    const digest = digestOf("one request");
    const posted = await send("POST", `/v2/${name}/blobs/uploads/?digest=${digest}`, "one request");
    expect(posted.status).toBe(201);
    expect(posted.headers.get("location")).toBe(`/v2/${name}/blobs/${digest}`);
  });

  it("refuses other bytes than the digest says", async () => {
    const posted = await send("POST", `/v2/${name}/blobs/uploads/?digest=${digestOf("a")}`, "b");
    expect(posted.status).toBe(400);
    expect(await codesOf(posted)).toEqual(["DIGEST_INVALID"]);
  });
});

describe("end-4c POST with a digest algorithm", () => {
  it("opens a session for sha512, and refuses an algorithm it has not", async () => {
    expect((await send("POST", `/v2/${name}/blobs/uploads/?digest-algorithm=sha512`)).status).toBe(202);
    const refused = await send("POST", `/v2/${name}/blobs/uploads/?digest-algorithm=md5`);
    expect(await codesOf(refused)).toEqual(["DIGEST_INVALID"]);
  });
});

describe("end-5 PATCH", () => {
  const patch = (location: string, body: string, range: string) =>
    send("PATCH", location, body, { "content-range": range, "content-type": "application/octet-stream" });

  it("takes chunks in order and the last one in the closing PUT", async () => {
    const location = await beginUpload(berth, name);
    const first = await patch(location, "0123456789", "0-9");
    expect([first.status, first.headers.get("range")]).toEqual([202, "0-9"]);
    const digest = digestOf("0123456789abcde");
    const put = await send("PUT", `${location}?digest=${digest}`, "abcde", { "content-range": "10-14" });
    expect(put.status).toBe(201);
    expect(await stored(digest)).toBe("0123456789abcde");
  });

  it("takes a stream without a range", async () => {
    const location = await beginUpload(berth, name);
    expect((await send("PATCH", location, "streamed")).status).toBe(202);
    expect((await send("PUT", `${location}?digest=${digestOf("streamed")}`)).status).toBe(201);
  });

  it.each(["12-20", "5-13", "0-8", "9-9"])(
    "refuses the range %s after ten bytes, says where to go on, and can go on",
    async (range) => {
      const location = await beginUpload(berth, name);
      await patch(location, "0123456789", "0-9");
      const [start = 0, end = 0] = range.split("-").map(Number);
      const refused = await patch(location, "x".repeat(end - start + 1), range);
      expect(refused.status).toBe(416);
      expect(refused.headers.get("range")).toBe("0-9");
      expect(refused.headers.get("location")).toBe(location);
      expect(await codesOf(refused)).toEqual(["RANGE_INVALID"]);
      expect((await patch(location, "a", "10-10")).status).toBe(202);
    },
  );

  it("refuses a closing chunk out of order, and the session survives", async () => {
    const location = await beginUpload(berth, name);
    const put = await send("PUT", `${location}?digest=${digestOf("x")}`, "x", { "content-range": "3-3" });
    expect(put.status).toBe(416);
    expect((await send("GET", location)).status).toBe(204);
  });

  it("refuses a range that is longer or shorter than the chunk", async () => {
    const location = await beginUpload(berth, name);
    expect(await codesOf(await patch(location, "0123456789", "0-4"))).toEqual(["SIZE_INVALID"]);
    expect(await codesOf(await patch(location, "0123456789", "0-40"))).toEqual(["SIZE_INVALID"]);
    expect(await codesOf(await patch(location, "0123456789", "nonsense"))).toEqual(["BLOB_UPLOAD_INVALID"]);
    expect((await send("GET", location)).headers.get("range")).toBe("0-0");
  });
});

describe("end-13 GET, end-14 DELETE of an upload", () => {
  it("tells how far it is", async () => {
    const location = await beginUpload(berth, name);
    await send("PATCH", location, "four");
    const status = await send("GET", location);
    expect([status.status, status.headers.get("range"), status.headers.get("location")]).toEqual([
      204,
      "0-3",
      location,
    ]);
  });

  it("ends it, and then knows nothing of it", async () => {
    const location = await beginUpload(berth, name);
    expect((await send("DELETE", location)).status).toBe(204);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const gone = await send(method, location, method === "PATCH" ? "x" : undefined);
      expect(await codesOf(gone)).toEqual(["BLOB_UPLOAD_UNKNOWN"]);
    }
  });

  it.each(["not-a-uuid", "00000000-0000-0000-0000-000000000000"])("knows no upload %s", async (id) => {
    const answer = await send("PATCH", `/v2/${name}/blobs/uploads/${id}`, "x");
    expect(answer.status).toBe(404);
  });
});

describe("end-11 mount", () => {
  it("gives another repository the blob without its bytes being sent again", async () => {
    const digest = await pushBlob(berth, name, "mounted");
    const mounted = await send("POST", `/v2/library/mounts/blobs/uploads/?mount=${digest}&from=${name}`);
    expect(mounted.status).toBe(201);
    expect(mounted.headers.get("location")).toBe(`/v2/library/mounts/blobs/${digest}`);
    expect(await (await send("GET", `/v2/library/mounts/blobs/${digest}`)).text()).toBe("mounted");
  });

  it("finds the blob itself when no source is named", async () => {
    const digest = await pushBlob(berth, name, "found");
    expect((await send("POST", `/v2/library/mounts/blobs/uploads/?mount=${digest}`)).status).toBe(201);
  });

  it.each(["", "&from=library/nothing", "&from=nothing/at-all", "&from=NOT-A-NAME"])(
    "opens an upload when it has no such blob to mount%s",
    async (from) => {
      const answer = await send(
        "POST",
        `/v2/library/mounts/blobs/uploads/?mount=${digestOf("nowhere")}${from}`,
      );
      expect(answer.status).toBe(202);
      expect(answer.headers.get("location")).toContain("/v2/library/mounts/blobs/uploads/");
    },
  );
});

describe("many at once", () => {
  it("takes the same blob from twenty clients, and twenty blobs into a repository that is new", async () => {
    const same = Array.from({ length: 20 }, () => pushBlob(berth, name, "the same from all"));
    expect(new Set(await Promise.all(same)).size).toBe(1);
    await Promise.all(Array.from({ length: 20 }, (_, at) => pushBlob(berth, "library/new", `blob ${at}`)));
    const { items } = await berth.client().repositories.list({ project_name: "library" });
    expect(items.filter((repository) => repository.name === "library/new")).toHaveLength(1);
  });

  it("lets one of two finishers have an upload, and the other know", async () => {
    const location = await beginUpload(berth, name);
    await send("PATCH", location, "finished twice");
    const finish = () => send("PUT", `${location}?digest=${digestOf("finished twice")}`);
    const statuses = (await Promise.all([finish(), finish()])).map((answer) => answer.status).sort();
    expect(statuses[0]).toBe(201);
    expect([201, 400, 404]).toContain(statuses[1]);
    expect(await stored(digestOf("finished twice"))).toBe("finished twice");
  });
});
