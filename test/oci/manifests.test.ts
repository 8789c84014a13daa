import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import {
  codesOf,
  configType,
  describe as describeBytes,
  digestOf,
  emptyType,
  imageType,
  indexOf,
  indexType,
  layerType,
  prepareImage,
  pushBlob,
  pushImage,
  putManifest,
} from "./images.ts";

let berth: Berth;
const name = "library/manifests";
const at = (reference: string) => `${name}/manifests/${reference}`;
beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth.close());

describe("end-7a PUT of a manifest", () => {
  it("keeps it under a tag and its digest", async () => {
    const image = await prepareImage(berth, name, "tagged");
    const put = await putManifest(berth, at("v1"), image.text);
    expect(put.status).toBe(201);
    expect(put.headers.get("location")).toBe(`/v2/${at(image.digest)}`);
    expect(put.headers.get("docker-content-digest")).toBe(image.digest);
  });

  it("records what the image is, for the people who look at it", async () => {
    const image = await pushImage(berth, name, "recorded", "recorded", {
      annotations: { "org.example.of": "test" },
    });
    const which = { project_name: "library", repository_name: "manifests", reference: "recorded" };
    const shown = await berth.client().artifacts.get(which);
    expect(shown).toMatchObject({
      type: "IMAGE",
      media_type: configType,
      manifest_media_type: imageType,
      artifact_type: configType,
      digest: image.digest,
      size: image.text.length + image.config.size + (image.layers[0]?.size ?? 0),
      annotations: { "org.example.of": "test" },
      extra_attrs: { architecture: "amd64", os: "linux", author: "recorded", config: { Env: ["A=1"] } },
    });
  });

  it("moves a tag to what was pushed last", async () => {
    const [old, young] = [
      await pushImage(berth, name, "moving", "old"),
      await pushImage(berth, name, "moving", "young"),
    ];
    const head = await berth.fetch(`/v2/${at("moving")}`, { method: "HEAD" });
    expect(head.headers.get("docker-content-digest")).toBe(young.digest);
    expect((await berth.fetch(`/v2/${at(old.digest)}`)).status).toBe(200);
  });

  it("takes a manifest pushed twice as one", async () => {
    const image = await pushImage(berth, name, "twice", "twice");
    expect((await putManifest(berth, at("twice"), image.text)).status).toBe(201);
    expect((await putManifest(berth, at(image.digest), image.text)).status).toBe(201);
  });

  it("refuses a digest that is not the manifest's, by sha256 and by sha512", async () => {
    const image = await prepareImage(berth, name, "digest");
    for (const digest of [digestOf("other"), digestOf("other", "sha512")]) {
      expect(await codesOf(await putManifest(berth, at(digest), image.text))).toEqual(["DIGEST_INVALID"]);
    }
    const sha512 = digestOf(image.text, "sha512");
    const put = await putManifest(berth, at(sha512), image.text);
    expect([put.status, put.headers.get("docker-content-digest")]).toEqual([201, sha512]);
  });

  it("refuses a manifest whose blobs it has not, and names the first", async () => {
    const config = await pushBlob(berth, name, "{}");
    const missing = describeBytes(layerType, "never pushed");
    const manifest = {
      schemaVersion: 2,
      config: { mediaType: emptyType, digest: config, size: 2 },
      layers: [missing],
    };
    const put = await putManifest(berth, at("missing"), manifest);
    expect(put.status).toBe(400);
    const { errors } = (await put.json()) as { errors: { code: string; message: string; detail: unknown }[] };
    expect(errors[0]?.code).toBe("MANIFEST_BLOB_UNKNOWN");
    expect(errors[0]?.message).toContain(missing.digest);
    expect(errors[0]?.detail).toEqual([{ digest: missing.digest }]);
    expect((await berth.fetch(`/v2/${at("missing")}`)).status).toBe(404);
  });

  it("makes no repository for a manifest that it refuses", async () => {
    const image = await prepareImage(berth, name, "elsewhere");
    expect((await putManifest(berth, "library/typo/manifests/v1", image.text)).status).toBe(400);
    expect((await putManifest(berth, "library/typo/manifests/v1", "{")).status).toBe(400);
    expect((await berth.fetch("/v2/library/typo/tags/list")).status).toBe(404);
  });

  it("refuses a descriptor that gives a blob another size than it has", async () => {
    const image = await prepareImage(berth, name, "size");
    const wrong = image.text.replace(`"size":${image.config.size}`, `"size":${image.config.size + 1}`);
    expect(await codesOf(await putManifest(berth, at("size"), wrong))).toEqual(["MANIFEST_INVALID"]);
  });

  it("refuses a tag of 200 characters and one that starts with a dot", async () => {
    const image = await prepareImage(berth, name, "tags");
    for (const tag of ["t".repeat(200), ".hidden", "-dash", "with space", "ünder"]) {
      const put = await putManifest(berth, at(encodeURIComponent(tag)), image.text);
      expect(put.status).toBe(400);
    }
    expect((await putManifest(berth, at("t".repeat(128)), image.text)).status).toBe(201);
  });
});

describe("end-7b PUT with tags", () => {
  it("gives the manifest all the tags that are named, and says which", async () => {
    const image = await prepareImage(berth, name, "many tags");
    const tags = Array.from({ length: 12 }, (_, index) => `many-${index}`);
    const put = await putManifest(
      berth,
      `${at(image.digest)}?${tags.map((tag) => `tag=${tag}`).join("&")}`,
      image.text,
    );
    expect(put.status).toBe(201);
    expect(put.headers.get("oci-tag")?.split(", ")).toEqual(tags);
    const head = await berth.fetch(`/v2/${at("many-11")}`, { method: "HEAD" });
    expect(head.headers.get("docker-content-digest")).toBe(image.digest);
  });

  it("keeps nothing when one of the tags is none", async () => {
    const image = await prepareImage(berth, name, "bad tag");
    expect(
      await codesOf(await putManifest(berth, `${at(image.digest)}?tag=ok&tag=not%20ok`, image.text)),
    ).toEqual(["TAG_INVALID"]);
    expect((await berth.fetch(`/v2/${at(image.digest)}`)).status).toBe(404);
  });
});

describe("kinds of manifests", () => {
  it("keeps indexes, nested and empty ones, and sums their children's sizes", async () => {
    const images = [
      await pushImage(berth, name, undefined, "amd64"),
      await pushImage(berth, name, undefined, "arm64"),
    ];
    const text = JSON.stringify(indexOf(images));
    expect((await putManifest(berth, at("index"), text, { type: indexType })).status).toBe(201);
    const nested = indexOf([{ ...images[0]!, descriptor: describeBytes(indexType, text) }]);
    expect((await putManifest(berth, at("nested"), nested, { type: indexType })).status).toBe(201);
    expect((await putManifest(berth, at("empty"), indexOf([]), { type: indexType })).status).toBe(201);
    const which = { project_name: "library", repository_name: "manifests" };
    const [first, second, index] = await Promise.all(
      [images[0]?.digest ?? "", images[1]?.digest ?? "", "index"].map((reference) =>
        berth.client().artifacts.get({ ...which, reference }),
      ),
    );
    expect(index?.size).toBe(text.length + (first?.size ?? 0) + (second?.size ?? 0));
    expect(index?.references.map((reference) => reference.child_digest)).toEqual(
      images.map((image) => image.digest),
    );
  });

  it("refuses an index whose children it has not", async () => {
    const image = await prepareImage(berth, name, "not pushed");
    const put = await putManifest(berth, at("sparse"), indexOf([image]), { type: indexType });
    expect(await codesOf(put)).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
  });

  it("keeps BuildKit's cache, an index of layers", async () => {
    const layer = await pushBlob(berth, name, "cached layer");
    const cache = {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [{ mediaType: layerType, digest: layer, size: 12 }],
    };
    expect((await putManifest(berth, at("cache"), cache, { type: indexType })).status).toBe(201);
  });

  it("keeps artifacts, with the empty configuration, without layers, with fields nobody knows", async () => {
    const config = describeBytes(emptyType, await pushBlob(berth, name, "{}").then(() => "{}"));
    const artifact = {
      schemaVersion: 2,
      mediaType: imageType,
      artifactType: "application/vnd.example",
      config,
      layers: [],
      odd: [1],
    };
    expect((await putManifest(berth, at("artifact"), artifact)).status).toBe(201);
    const bare = { schemaVersion: 2, config };
    expect((await putManifest(berth, at("bare"), bare)).status).toBe(201);
  });

  it("keeps Docker's manifests and lists", async () => {
    const image = await prepareImage(berth, name, "docker");
    const type = "application/vnd.docker.distribution.manifest.v2+json";
    const text = image.text.replace(imageType, type);
    expect((await putManifest(berth, at("docker"), text, { type })).status).toBe(201);
    const listType = "application/vnd.docker.distribution.manifest.list.v2+json";
    const list = { schemaVersion: 2, mediaType: listType, manifests: [describeBytes(type, text)] };
    expect((await putManifest(berth, at("list"), list, { type: listType })).status).toBe(201);
  });

  it("does not ask for layers that clients fetch from elsewhere", async () => {
    const foreign = {
      ...describeBytes("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "elsewhere"),
      urls: ["http://127.0.0.1:1/never-fetched"],
    };
    const image = await prepareImage(berth, name, "foreign");
    const text = JSON.stringify({
      ...(JSON.parse(image.text) as object),
      layers: [foreign, ...image.layers],
    });
    expect((await putManifest(berth, at("foreign"), text)).status).toBe(201);
  });

  it("says of a schema 1 manifest what to do", async () => {
    const type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    const put = await putManifest(berth, at("schema1"), { schemaVersion: 1, fsLayers: [] }, { type });
    expect(put.status).toBe(400);
    expect(await put.text()).toContain("schema 1 are not accepted: push with Docker 1.10 or newer");
  });
});
