import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { codesOf, digestOf, indexOf, indexType, pushBlob, pushImage, putManifest } from "./images.ts";

let berth: Berth;
const name = "library/management";
beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth.close());

const ask = (method: string, path: string): Promise<Response> =>
  berth.fetch(`/v2/${name}/${path}`, { method });
const statusOf = async (path: string): Promise<number> => (await ask("HEAD", path)).status;

describe("end-9 DELETE of a tag", () => {
  it("removes the tag at once, and leaves the manifest and its other tags", async () => {
    const image = await pushImage(berth, name, "one", "tagged twice");
    await pushImage(berth, name, "two", "tagged twice");
    expect((await ask("DELETE", "manifests/one")).status).toBe(202);
    expect(await statusOf("manifests/one")).toBe(404);
    expect(await statusOf("manifests/two")).toBe(200);
    expect(await statusOf(`manifests/${image.digest}`)).toBe(200);
  });

  it("says 404 for a tag that is not there", async () => {
    const answer = await ask("DELETE", "manifests/never");
    expect(answer.status).toBe(404);
    expect(await codesOf(answer)).toEqual(["MANIFEST_UNKNOWN"]);
  });
});

describe("end-9 DELETE of a manifest", () => {
  it("removes it with all its tags at once", async () => {
    const image = await pushImage(berth, name, "first", "removed");
    await pushImage(berth, name, "second", "removed");
    expect((await ask("DELETE", `manifests/${image.digest}`)).status).toBe(202);
    for (const reference of [image.digest, "first", "second"])
      expect(await statusOf(`manifests/${reference}`)).toBe(404);
    const { tags } = (await (await ask("GET", "tags/list")).json()) as { tags: string[] };
    expect(tags).not.toContain("first");
  });

  it("keeps a manifest that an index needs until the index is gone", async () => {
    const image = await pushImage(berth, name, undefined, "child");
    const index = JSON.stringify(indexOf([image]));
    await putManifest(berth, `${name}/manifests/index`, index, { type: indexType });
    const refused = await ask("DELETE", `manifests/${image.digest}`);
    expect(refused.status).toBe(412);
    expect(await refused.text()).toContain(`is part of index ${digestOf(index)}`);
    expect((await ask("DELETE", `manifests/${digestOf(index)}`)).status).toBe(202);
    expect((await ask("DELETE", `manifests/${image.digest}`)).status).toBe(202);
  });

  it("says 404 for a manifest and a repository that are not there", async () => {
    expect((await ask("DELETE", `manifests/${digestOf("never")}`)).status).toBe(404);
    const answer = await berth.fetch(`/v2/library/never/manifests/${digestOf("never")}`, {
      method: "DELETE",
    });
    expect(await codesOf(answer)).toEqual(["NAME_UNKNOWN"]);
  });

  it("can be undone by pushing it again", async () => {
    const image = await pushImage(berth, name, "again", "again");
    await ask("DELETE", `manifests/${image.digest}`);
    expect((await putManifest(berth, `${name}/manifests/again`, image.text)).status).toBe(201);
    expect(await (await ask("GET", "manifests/again")).text()).toBe(image.text);
  });
});

describe("end-10 DELETE of a blob", () => {
  it("removes it at once from this repository, and only from this one", async () => {
    const digest = await pushBlob(berth, name, "in two places");
    await pushBlob(berth, "library/elsewhere", "in two places");
    expect((await ask("DELETE", `blobs/${digest}`)).status).toBe(202);
    expect(await statusOf(`blobs/${digest}`)).toBe(404);
    expect((await berth.fetch(`/v2/library/elsewhere/blobs/${digest}`)).status).toBe(200);
    expect(await codesOf(await ask("DELETE", `blobs/${digest}`))).toEqual(["BLOB_UNKNOWN"]);
  });
});

it("deletes a repository with all it holds, and lets it begin anew", async () => {
  const of = "library/whole";
  await pushImage(berth, of, "latest", "whole");
  await berth.client().repositories.remove({ project_name: "library", repository_name: "whole" });
  expect((await berth.fetch(`/v2/${of}/tags/list`)).status).toBe(404);
  expect((await berth.fetch(`/v2/${of}/manifests/latest`)).status).toBe(404);
  await pushImage(berth, of, "latest", "anew");
  expect((await berth.fetch(`/v2/${of}/manifests/latest`)).status).toBe(200);
});

it("has after a restart what it had before", async () => {
  const image = await pushImage(berth, name, "kept", "kept");
  const deleted = await pushImage(berth, name, "dropped", "dropped");
  await ask("DELETE", `manifests/${deleted.digest}`);
  await berth.restart();
  expect(await (await ask("GET", "manifests/kept")).text()).toBe(image.text);
  expect(await statusOf(`blobs/${image.config.digest}`)).toBe(200);
  expect(await statusOf("manifests/dropped")).toBe(404);
});
