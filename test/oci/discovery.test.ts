import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addUser } from "../people.ts";
import { password } from "../people.ts";
import { startBerth, type Berth } from "../harness.ts";
import {
  codesOf,
  digestOf,
  indexOf,
  indexType,
  pushBlob,
  pushImage,
  putManifest,
  type Image,
} from "./images.ts";

let berth: Berth;
const name = "library/discovery";
beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth.close());

const tags = async (query = "", of = name) => {
  const answer = await berth.fetch(`/v2/${of}/tags/list${query}`);
  const body = (await answer.json()) as { name: string; tags: string[] };
  return { status: answer.status, link: answer.headers.get("link"), ...body };
};

describe("end-8 tags/list", () => {
  const sorted = ["1.0", "1.10", "1.9", "B", "_x", "a", "b"];
  beforeAll(async () => {
    for (const tag of ["b", "1.9", "_x", "B", "1.10", "a", "1.0"]) await pushImage(berth, name, tag);
  });

  it("lists tags in the order of their bytes", async () => {
    expect(await tags()).toEqual({ status: 200, link: null, name, tags: sorted });
  });

  it("gives n of them and a relative link to the next", async () => {
    const first = await tags("?n=3");
    expect(first.tags).toEqual(sorted.slice(0, 3));
    expect(first.link).toBe(`</v2/${name}/tags/list?n=3&last=1.9>; rel="next"`);
    expect((await tags("?n=3&last=1.9")).tags).toEqual(sorted.slice(3, 6));
    expect(await tags("?n=3&last=a")).toMatchObject({ tags: ["b"], link: null });
    expect((await tags("?n=7")).link).toBeNull();
  });

  it("goes on after a tag, with or without n, and after one that is not there", async () => {
    expect((await tags("?last=B")).tags).toEqual(sorted.slice(4));
    expect((await tags("?n=2&last=C")).tags).toEqual(["_x", "a"]);
    expect((await tags("?last=zzz")).tags).toEqual([]);
  });

  it("gives an empty list and no link for n=0", async () => {
    expect(await tags("?n=0")).toMatchObject({ status: 200, tags: [], link: null });
  });

  it("knows a repository without tags, and not one that was never pushed to", async () => {
    await pushBlob(berth, "library/untagged", "only a blob");
    expect(await tags("", "library/untagged")).toMatchObject({ status: 200, tags: [] });
    const unknown = await berth.fetch("/v2/library/never/tags/list");
    expect(unknown.status).toBe(404);
    expect(await codesOf(unknown)).toEqual(["NAME_UNKNOWN"]);
  });
});

interface Index {
  schemaVersion: number;
  mediaType: string;
  manifests: {
    digest: string;
    artifactType?: string;
    annotations?: Record<string, string>;
    size: number;
    mediaType: string;
  }[];
}

describe("end-12 referrers", () => {
  let subject: Image;
  const referrers = async (digest: string, query = "", of = name) => {
    const answer = await berth.fetch(`/v2/${of}/referrers/${digest}${query}`);
    return { answer, index: (await answer.json()) as Index };
  };

  beforeAll(async () => {
    subject = await pushImage(berth, name, "subject", "subject");
  });

  it("is empty, not missing, for a digest and even for a repository that is not there", async () => {
    for (const of of [name, "library/never"]) {
      const { answer, index } = await referrers(digestOf("nothing"), "", of);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(indexType);
      expect(index).toEqual({ schemaVersion: 2, mediaType: indexType, manifests: [] });
    }
  });

  it("lists images and indexes with their annotations, sizes and types, also what came before its subject", async () => {
    const later = digestOf("a subject that comes later");
    const about = { subject: { ...subject.descriptor, digest: later } };
    const typed = await pushImage(berth, name, undefined, "typed", {
      ...about,
      artifactType: "a/typed",
      annotations: { "a.b": "c" },
    });
    const untyped = await pushImage(berth, name, undefined, "untyped", about);
    const index = JSON.stringify(indexOf([], about));
    const put = await putManifest(berth, `${name}/manifests/${digestOf(index)}`, index, { type: indexType });
    expect(put.headers.get("oci-subject")).toBe(later);
    const found = (await referrers(later)).index.manifests;
    expect(found).toEqual([
      { ...typed.descriptor, artifactType: "a/typed", annotations: { "a.b": "c" } },
      { ...untyped.descriptor, artifactType: untyped.config.mediaType },
      { mediaType: indexType, digest: digestOf(index), size: index.length },
    ]);
  });

  it("filters by type, and says that it did", async () => {
    const about = { subject: subject.descriptor };
    const wanted = await pushImage(berth, name, undefined, "wanted", {
      ...about,
      artifactType: "wanted/type",
    });
    await pushImage(berth, name, undefined, "unwanted", { ...about, artifactType: "unwanted/type" });
    const { answer, index } = await referrers(subject.digest, "?artifactType=wanted/type");
    expect(answer.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(index.manifests.map((entry) => entry.digest)).toEqual([wanted.digest]);
  });

  it("gives a hundred on a page, and by its links each one once", async () => {
    const of = "library/referred";
    const image = await pushImage(berth, of, "latest", "referred");
    const pushed: string[] = [];
    for (let at = 0; at < 120; at += 1) {
      const manifest = JSON.stringify({
        ...(JSON.parse(image.text) as object),
        subject: image.descriptor,
        annotations: { at: String(at) },
      });
      await putManifest(berth, `${of}/manifests/${digestOf(manifest)}`, manifest);
      pushed.push(digestOf(manifest));
    }
    const seen: string[] = [];
    let path: string | undefined = `/v2/${of}/referrers/${image.digest}`;
    let pages = 0;
    while (path !== undefined) {
      const answer: Response = await berth.fetch(path);
      seen.push(...((await answer.json()) as Index).manifests.map((entry) => entry.digest));
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
      pages += 1;
    }
    expect(pages).toBe(2);
    expect(seen).toEqual(pushed);
  });

  it("drops a referrer with its manifest", async () => {
    const gone = await pushImage(berth, name, undefined, "gone", {
      subject: subject.descriptor,
      artifactType: "gone/type",
    });
    await berth.fetch(`/v2/${name}/manifests/${gone.digest}`, { method: "DELETE" });
    expect((await referrers(subject.digest, "?artifactType=gone/type")).index.manifests).toEqual([]);
  });

  it("refuses what is no digest", async () => {
    const answer = await berth.fetch(`/v2/${name}/referrers/latest`);
    expect(answer.status).toBe(400);
    expect(await codesOf(answer)).toEqual(["DIGEST_INVALID"]);
  });
});

describe("the catalog", () => {
  it("pages through the names of all repositories, for a system administrator", async () => {
    const first = await berth.fetch("/v2/_catalog?n=1");
    const { repositories } = (await first.json()) as { repositories: string[] };
    expect(repositories).toEqual(["library/discovery"]);
    expect(first.headers.get("link")).toBe('</v2/_catalog?n=1&last=library%2Fdiscovery>; rel="next"');
    const all = (await (await berth.fetch("/v2/_catalog")).json()) as { repositories: string[] };
    expect(all.repositories).toContain("library/referred");
  });

  it("is closed to everyone else", async () => {
    await addUser(berth, "someone");
    expect((await berth.fetch("/v2/_catalog", { as: { name: "someone", password } })).status).toBe(401);
    expect((await berth.fetch("/v2/_catalog", { as: null })).status).toBe(401);
  });
});
