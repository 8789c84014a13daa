import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { indexOf, indexType, pushImage, putManifest, type Image } from "../oci/images.ts";
import { addUser, password } from "../people.ts";

/** A project that fetches what is asked for from another registry. */
describe("a proxy project", { timeout: 60_000 }, () => {
  let upstream: Berth;
  let berth: Berth;
  let registry_id: number;

  beforeAll(async () => {
    [upstream, berth] = await Promise.all([startBerth(), startBerth()]);
    const { id } = await berth.client().registries.create({
      name: "upstream",
      url: upstream.url,
      type: "berth",
      credential: { access_key: upstream.admin.name, access_secret: upstream.admin.password },
    });
    registry_id = Number(id);
    await berth.client().projects.create({ project_name: "mirror", registry_id });
  });
  afterAll(async () => {
    await berth.close();
    await upstream.close();
  });

  async function pull(name: string, reference: string): Promise<{ status: number; digest: string | null }> {
    const answer = await berth.fetch(`/v2/${name}/manifests/${reference}`);
    await answer.arrayBuffer();
    return { status: answer.status, digest: answer.headers.get("docker-content-digest") };
  }

  async function blobOf(name: string, digest: string): Promise<Buffer> {
    const answer = await berth.fetch(`/v2/${name}/blobs/${digest}`);
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  const kept = async (repository_name: string): Promise<string[]> => {
    const { items } = await berth
      .client()
      .artifacts.list({ project_name: "mirror", repository_name })
      .catch(() => ({ items: [] }));
    return items.map(({ digest }) => digest);
  };

  async function whole(name: string, image: Image): Promise<void> {
    for (const { digest, size } of [image.config, ...image.layers])
      expect((await blobOf(name, digest)).length).toBe(size);
  }

  test("answers with what the other registry has, and keeps it", async () => {
    const salt = randomBytes(2 ** 20).toString("hex");
    const image = await pushImage(upstream, "library/tool", "1", salt);
    expect(await pull("mirror/library/tool", "1")).toEqual({ status: 200, digest: image.digest });
    const layer = await blobOf("mirror/library/tool", image.layers[0]?.digest ?? "");
    expect(layer.toString()).toBe(`layer ${salt}`);
    await expect.poll(() => kept("library/tool"), { timeout: 10_000 }).toEqual([image.digest]);
  });

  test("gives the new image of a tag as soon as the other registry has it", async () => {
    const first = await pushImage(upstream, "library/moving", "latest", "first");
    expect((await pull("mirror/library/moving", "latest")).digest).toBe(first.digest);
    await expect.poll(() => kept("library/moving"), { timeout: 10_000 }).toContain(first.digest);
    const second = await pushImage(upstream, "library/moving", "latest", "second");
    expect((await pull("mirror/library/moving", "latest")).digest).toBe(second.digest);
    await whole("mirror/library/moving", second);
  });

  test("gives many who ask for one blob at once the same bytes, and fetches them once", async () => {
    const salt = randomBytes(4 * 2 ** 20).toString("hex");
    const layer = Buffer.from(`layer ${salt}`);
    const image = await pushImage(upstream, "library/asked", "1", salt);
    await pull("mirror/library/asked", "1");
    const digest = image.layers[0]?.digest ?? "";
    const all = await Promise.all(Array.from({ length: 8 }, () => blobOf("mirror/library/asked", digest)));
    for (const bytes of all) expect(bytes.equals(layer)).toBe(true);
    const part = await berth.fetch(`/v2/mirror/library/asked/blobs/${digest}`, {
      headers: { range: "bytes=5-14" },
    });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(layer.subarray(5, 15));
  });

  test("keeps of an index what was asked for", async () => {
    const [amd, arm] = [
      await pushImage(upstream, "library/both", undefined, "amd64"),
      await pushImage(upstream, "library/both", undefined, "arm64"),
    ];
    const put = await putManifest(upstream, "library/both/manifests/1", indexOf([amd, arm]), {
      type: indexType,
    });
    const answer = await berth.fetch("/v2/mirror/library/both/manifests/1");
    expect(answer.headers.get("content-type")).toBe(indexType);
    expect(answer.headers.get("docker-content-digest")).toBe(put.headers.get("docker-content-digest"));
    expect((await pull("mirror/library/both", amd.digest)).status).toBe(200);
    const part = (reference: string): Promise<string> =>
      berth
        .client()
        .artifacts.get({ project_name: "mirror", repository_name: "library/both", reference })
        .then(
          ({ digest }) => digest,
          (error: { code: string }) => error.code,
        );
    await expect.poll(() => part(amd.digest), { timeout: 10_000 }).toBe(amd.digest);
    expect(await part(arm.digest)).toBe("NOT_FOUND");
    expect(await part("1")).toBe(answer.headers.get("docker-content-digest"));
  });

  test("says that there is nothing when the other registry has nothing", async () => {
    expect((await pull("mirror/library/nowhere", "1")).status).toBe(404);
    expect((await berth.fetch(`/v2/mirror/library/tool/blobs/sha256:${"0".repeat(64)}`)).status).toBe(404);
  });

  test("is read only, and nobody but an administrator makes one", async () => {
    await expect(pushImage(berth, "mirror/library/mine", "1")).rejects.toThrow(/403/);
    const ann = await addUser(berth, "ann");
    const made = berth.client(ann).projects.create({ project_name: "hers", registry_id });
    await expect(made).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(berth.client().registries.remove({ id: registry_id })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    const foreign = await berth.fetch("/v2/mirror/library/tool/manifests/1", {
      as: { name: "ann", password },
    });
    expect(foreign.status).toBe(401);
  });

  test("serves what it has kept while the other registry is away", async () => {
    const image = await pushImage(upstream, "library/stays", "1");
    await pull("mirror/library/stays", "1");
    await whole("mirror/library/stays", image);
    await expect.poll(() => kept("library/stays"), { timeout: 10_000 }).toEqual([image.digest]);
    await upstream.registry.stop();
    expect(await pull("mirror/library/stays", "1")).toEqual({ status: 200, digest: image.digest });
    await whole("mirror/library/stays", image);
    expect((await pull("mirror/library/stays", "2")).status).toBe(503);
  });
});
