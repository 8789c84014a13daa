import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { digestOf, indexOf, indexType, pushImage, putManifest, type Image } from "../oci/images.ts";

interface Shown {
  type: string;
  digest: string;
  labels: { name: string }[] | null;
  tags: { name: string }[] | null;
  accessories: { digest: string }[] | null;
  references: { child_digest: string }[] | null;
}

/** What a real Harbor asks of the registry that it replicates from, in its order. Harbor API 22.3. */
describe("a Harbor that replicates from us", () => {
  let berth: Berth;
  let images: Image[];
  let whole: string;
  let signature: Image;

  beforeAll(async () => {
    berth = await startBerth();
    for (const project_name of ["proj", "project", "other"])
      await berth.client().projects.create({ project_name });
    images = await Promise.all(
      ["amd64", "arm64"].map((salt) => pushImage(berth, "proj/deep/app", undefined, salt)),
    );
    const index = JSON.stringify(indexOf(images));
    whole = digestOf(index);
    for (const tag of ["1.0", "latest"])
      await putManifest(berth, `proj/deep/app/manifests/${tag}`, index, { type: indexType });
    const subject = { mediaType: indexType, digest: whole, size: index.length };
    signature = await pushImage(berth, "proj/deep/app", undefined, "signature", { subject });
    for (let n = 0; n < 105; n += 1)
      await pushImage(berth, `proj/many${String(n).padStart(3, "0")}`, "1", "same");
  });
  afterAll(() => berth.close());

  const get = async <T>(path: string): Promise<T> => {
    const answer = await berth.fetch(`/api/v2.0${path}`, {
      headers: { "user-agent": "harbor-registry-client" },
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as T;
  };

  /** All pages of a list, by the links alone: a client joins them to the endpoint's address as they stand. */
  async function all<T>(path: string): Promise<T[]> {
    const found: T[] = [];
    for (let next: string | undefined = `/api/v2.0${path}`; next !== undefined;) {
      const answer: Response = await berth.fetch(next);
      expect(answer.status).toBe(200);
      found.push(...((await answer.json()) as T[]));
      next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
      expect(next ?? "/").toMatch(/^\//);
    }
    return found;
  }

  test("finds the project among those whose names hold its own", async () => {
    const found = await all<{ name: string; metadata: object }>("/projects?name=proj&page=1&page_size=100");
    expect(found.map(({ name }) => name).filter((name) => name === "proj")).toEqual(["proj"]);
    const everything = await all<{ name: string }>("/projects?name=&page_size=2");
    expect(everything.map(({ name }) => name)).toEqual(["library", "other", "proj", "project"]);
  });

  test("lists its repositories over many pages", async () => {
    const found = await all<{ name: string }>("/projects/proj/repositories?page=1&page_size=10");
    expect(new Set(found.map(({ name }) => name)).size).toBe(106);
    expect(found.map(({ name }) => name)).toContain("proj/deep/app");
  });

  test("reads artifacts with tags, children and what is attached to them", async () => {
    const path = `/projects/proj/repositories/${encodeURIComponent(encodeURIComponent("deep/app"))}/artifacts`;
    const [artifact, ...others] = await get<Shown[]>(
      `${path}?page_size=100&page=1&with_label=true&with_accessory=true`,
    );
    expect(others).toEqual([]);
    expect(artifact).toMatchObject({ type: "IMAGE", digest: whole, labels: [] });
    expect(artifact?.tags?.map(({ name }) => name).sort()).toEqual(["1.0", "latest"]);
    expect(artifact?.references?.map((child) => child.child_digest)).toEqual(
      images.map(({ digest }) => digest),
    );
    expect(artifact?.accessories?.map(({ digest }) => digest)).toEqual([signature.digest]);
    for (const { digest } of images) {
      expect((await get<Shown>(`${path}/${digest}?with_accessory=true`)).digest).toBe(digest);
    }
    const attached = await get<Shown>(`${path}/${signature.digest}?with_accessory=true&with_tag=true`);
    expect([attached.digest, attached.tags ?? []]).toEqual([signature.digest, []]);
  });

  test("pulls manifests and blobs, whole and by ranges", async () => {
    const manifest = await berth.fetch("/v2/proj/deep/app/manifests/1.0", { headers: { accept: indexType } });
    expect([manifest.status, manifest.headers.get("content-type")]).toEqual([200, indexType]);
    expect(digestOf(await manifest.text())).toBe(whole);
    const { digest, size } = images[0]?.layers[0] ?? { digest: "", size: 0 };
    const path = `/v2/proj/deep/app/blobs/${digest}`;
    const headers = { "accept-encoding": "identity" };
    const head = await berth.fetch(path, { method: "HEAD", headers });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(size)]);
    const part = await berth.fetch(path, { headers: { ...headers, range: "bytes=2-5" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 2-5/${size}`]);
    expect(digestOf(await (await berth.fetch(path, { headers })).text())).toBe(digest);
  });
});
