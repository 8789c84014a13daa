import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import {
  configType,
  describe as descriptorOf,
  digestOf,
  imageType,
  indexType,
  layerType,
} from "../oci/images.ts";
import { importArchive, refusalOf, sendArchive, tarOf, type File } from "./archive.ts";

const refName = "org.opencontainers.image.ref.name";
const layout: File = ["oci-layout", '{"imageLayoutVersion":"1.0.0"}'];

const blob = (bytes: string): File => [`blobs/${digestOf(bytes).replace(":", "/")}`, bytes];
const indexFile = (manifests: object[]): File => [
  "index.json",
  JSON.stringify({ schemaVersion: 2, manifests }),
];

/** An image of one layer, with its files; `salt` makes it unlike others. */
function imageOf(salt: string) {
  const [config, layer] = [JSON.stringify({ os: "linux", author: salt }), `layer ${salt}`];
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: descriptorOf(configType, config),
    layers: [descriptorOf(layerType, layer)],
  });
  return {
    descriptor: descriptorOf(imageType, manifest),
    files: [blob(config), blob(layer), blob(manifest)],
  };
}

/** An index over images of these platforms, of which only some are in the archive. */
function sparse(platforms: readonly string[], there: readonly string[], named: string): File[] {
  const images = platforms.map((architecture) => ({ architecture, ...imageOf(named + architecture) }));
  const manifests = images.map(({ architecture, descriptor }) => ({
    ...descriptor,
    platform: { os: "linux", architecture },
  }));
  const text = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
  const files = images.flatMap(({ architecture, files: own }) => (there.includes(architecture) ? own : []));
  const entry = { ...descriptorOf(indexType, text), annotations: { [refName]: named } };
  return [layout, ...files, blob(text), indexFile([entry])];
}

describe("archives that others write", () => {
  let berth: Berth;

  beforeAll(async () => {
    berth = await startBerth();
    await berth.client().projects.create({ project_name: "shop" });
  });
  afterAll(() => berth?.close());

  const send = async (files: readonly File[], repository?: string) =>
    sendArchive(berth, "shop", await tarOf(files), repository === undefined ? {} : { repository });
  const take = async (files: readonly File[], repository?: string) =>
    importArchive(berth, "shop", await tarOf(files), repository === undefined ? {} : { repository });

  test.each([
    ["app:1.0", "shop/app", "1.0"],
    ["localhost:5000/library/team/app:1.0", "shop/team/app", "1.0"],
    ["localhost/lone:1.0", "shop/lone", "1.0"],
    ["docker.io/library/hub", "shop/hub", "latest"],
  ])("%s goes to %s:%s", async (said, repository, tag) => {
    const { descriptor, files } = imageOf(said);
    const index = indexFile([{ ...descriptor, annotations: { [refName]: said } }]);
    expect((await take([layout, index, ...files])).artifacts).toEqual([
      { repository, tags: [tag], digest: descriptor.digest },
    ]);
  });

  test("an image that nobody named needs a repository, and stays without a tag in it", async () => {
    const { descriptor, files } = imageOf("nameless");
    const archive = [layout, indexFile([descriptor]), ...files];
    expect(await refusalOf(await send(archive))).toEqual({
      status: 422,
      message: "the archive does not say what its images are called: choose the repository that they go to",
    });
    expect((await take(archive, "chosen")).artifacts).toEqual([
      { repository: "shop/chosen", tags: [], digest: descriptor.digest },
    ]);
  });

  test("two images that would get one name are refused together", async () => {
    const [one, other] = [imageOf("one"), imageOf("other")];
    const named = [
      { ...one.descriptor, annotations: { [refName]: "a.test/x/app:9" } },
      { ...other.descriptor, annotations: { [refName]: "b.test/y/app:9" } },
    ];
    const sent = await send([layout, indexFile(named), ...one.files, ...other.files]);
    const { status, message } = await refusalOf(sent);
    expect([status, message]).toEqual([409, expect.stringContaining("two images that would be app:9")]);
  });

  test("of an index that was saved with one of its platforms, the tag is that image", async () => {
    const { artifacts } = await take(sparse(["amd64", "arm64"], ["arm64"], "sparse:1"));
    const digest = imageOf("sparse:1arm64").descriptor.digest;
    expect(artifacts).toEqual([
      { repository: "shop/sparse", tags: ["1"], digest, left_out: ["linux/amd64"] },
    ]);
  });

  test("of an index that was saved with some of its platforms, the tag is an index of those", async () => {
    const { artifacts } = await take(sparse(["amd64", "arm64", "s390x"], ["amd64", "s390x"], "sparse:2"));
    expect(artifacts).toMatchObject([{ tags: ["2"], left_out: ["linux/arm64"] }]);
    const told = await berth
      .client()
      .artifacts.get({ project_name: "shop", repository_name: "sparse", reference: "2" });
    expect(told.references.map(({ platform }) => platform?.architecture)).toEqual(["amd64", "s390x"]);
  });

  test("an index of which no image is there is refused, and so is an image without a layer", async () => {
    const { status, message } = await refusalOf(await send(sparse(["amd64", "arm64"], [], "none:1")));
    expect([status, message]).toEqual([400, expect.stringContaining("the archive is not whole")]);
    const { descriptor, files } = imageOf("cut");
    const named = indexFile([{ ...descriptor, annotations: { [refName]: "cut:1" } }]);
    const cut = await refusalOf(await send([layout, named, ...files.filter((_, at) => at !== 1)]));
    expect(cut.message).toContain("the archive is not whole");
  });

  const layerTar = "a plain tar, as far as anybody here looks";
  const configuration = JSON.stringify({ rootfs: { type: "layers", diff_ids: [digestOf(layerTar)] } });

  test("docker's older form has links between layers, and only some of them are files", async () => {
    const two = JSON.stringify({
      rootfs: { type: "layers", diff_ids: [digestOf(layerTar), digestOf(layerTar)] },
    });
    const { artifacts } = await take([
      ["aaaa/VERSION", "1.0"],
      ["aaaa/layer.tar", layerTar],
      [{ name: "bbbb/layer.tar", type: "symlink", linkname: "../aaaa/layer.tar" }],
      ["cccc.json", two],
      ["repositories", '{"old":{"1":"bbbb"}}'],
      [
        "manifest.json",
        JSON.stringify([
          { Config: "cccc.json", RepoTags: ["old:1"], Layers: ["aaaa/layer.tar", "bbbb/layer.tar"] },
        ]),
      ],
    ]);
    expect(artifacts).toMatchObject([{ repository: "shop/old", tags: ["1"] }]);
    const told = await berth
      .client()
      .artifacts.get({ project_name: "shop", repository_name: "old", reference: "1" });
    expect(told.layers.map(({ media_type }) => media_type).slice(-1)).toEqual([
      "application/vnd.docker.image.rootfs.diff.tar",
    ]);
  });

  test("a layer that is not the one of its configuration is found out", async () => {
    const saved = JSON.stringify([{ Config: "c.json", RepoTags: ["bad:1"], Layers: ["l.tar"] }]);
    const { status, message } = await refusalOf(
      await send([
        ["c.json", configuration],
        ["l.tar", `${layerTar}!`],
        ["manifest.json", saved],
      ]),
    );
    expect([status, message]).toEqual([400, expect.stringContaining("l.tar in the archive is damaged")]);
  });

  test.each([
    ["a zip file", Buffer.from("504b0304000000000000", "hex")],
    ["packed with zstd", Buffer.from("28b52ffd000000000000", "hex")],
    ["packed with xz", Buffer.from("fd377a585a0000000000", "hex")],
  ])("%s is called by its name", async (what, bytes) => {
    const { status, message } = await refusalOf(await sendArchive(berth, "shop", bytes));
    expect([status, message]).toEqual([400, expect.stringContaining(what)]);
  });

  test("a tar of something else is said to be one", async () => {
    const { message } = await refusalOf(await send([["holiday.jpg", "beach"]]));
    expect(message).toBe(
      "the file is no archive of images: it has neither an index.json (OCI) nor a manifest.json (docker save)",
    );
  });
});
