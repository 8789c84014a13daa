import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { copyReference, copyReferences } from "../../registry/replication/transfer.ts";
import type { Remote } from "../../registry/replication/remote/remote.ts";
import type { Side } from "../../registry/replication/side.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { copying, giveImage, giveIndex, openHere, remoteTo, remoteToBerth, type Here } from "./sides.ts";

const signal = new AbortController().signal;

async function readAll(side: Side, repository: string, piece: { digest: string; size: number }) {
  const chunks: Buffer[] = [];
  const named = { ...piece, media_type: "" };
  for await (const chunk of (await side.blob(repository, named, 0, signal)) as AsyncIterable<Buffer>)
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

describeWith(["docker-registry"], "a copy", () => {
  let berth: Berth;
  let docker: DockerRegistry;
  let here: Here;
  const others: { name: string; remote: Remote }[] = [];

  beforeAll(async () => {
    [berth, docker] = await Promise.all([startBerth(), startDockerRegistry()]);
    others.push({ name: "Berth", remote: remoteToBerth(berth) });
    others.push({ name: "docker-registry", remote: remoteTo(docker.url) });
  });
  afterAll(async () => {
    for (const { remote } of others) await remote.close();
    await Promise.all([berth.close(), docker.close()]);
  });
  beforeEach(async () => void (here = await openHere()));
  afterEach(() => here.close());

  test("to another registry gives the same digests, manifests and blobs there", async () => {
    for (const { name, remote } of others) {
      const image = await giveImage(here.peer, "library/app", { tag: "1", layers: [10, 70_000, 5_000_000] });
      const job = copying(here.peer, remote);
      expect(await copyReference(job, "1"), name).toBe("copied");
      expect(await remote.digestOf("library/app", "1", signal), name).toBe(image.digest);
      for (const layer of image.layers)
        expect((await readAll(remote, "library/app", layer)).length, name).toBe(layer.size);
      expect(job.numbers).toMatchObject({ total_items: 1, done_items: 1 });
      expect(job.numbers.done_bytes).toBe(job.numbers.total_bytes);
      expect(await copyReference(copying(here.peer, remote), "1"), name).toBe("same");
    }
  });

  test("from another registry gives the same, and events as a push does", async () => {
    for (const { name, remote } of others) {
      const image = await giveImage(remote, "library/app", { tag: "back", layers: [10, 70_000, 5_000_000] });
      here.events.length = 0;
      expect(await copyReference(copying(remote, here.peer), "back"), name).toBe("copied");
      expect(await here.peer.digestOf("library/app", "back", signal), name).toBe(image.digest);
      for (const layer of image.layers)
        expect((await readAll(here.peer, "library/app", layer)).length, name).toBe(layer.size);
      expect(here.events, name).toMatchObject([
        { name: "artifact.pushed", repository_name: "library/app", digest: image.digest, tag: "back" },
      ]);
    }
  });

  test("of an index takes all its platforms with it, to and fro", async () => {
    for (const { name, remote } of others) {
      const index = await giveIndex(here.peer, "library/multi", "all", ["linux/amd64", "linux/arm64/v8"]);
      const there = { from: "library/multi", to: `library/multi-${name.toLowerCase()}` };
      expect(await copyReference(copying(here.peer, remote, there), "all"), name).toBe("copied");
      for (const child of [index, ...index.children])
        expect(await remote.digestOf(there.to, child.digest, signal), name).toBe(child.digest);
      const back = { from: there.to, to: "library/back" };
      expect(await copyReference(copying(remote, here.peer, back), "all"), name).toBe("copied");
      expect(await here.peer.digestOf("library/back", "all", signal), name).toBe(index.digest);
    }
  });

  test("of several tags copies each, and says what went wrong with one", async () => {
    for (const { name, remote } of others) {
      const repository = `library/many-${name.toLowerCase()}`;
      const tags = ["a", "b", "c", "d", "e", "f"];
      for (const tag of tags) await giveImage(here.peer, repository, { tag });
      const job = copying(here.peer, remote, { from: repository, to: repository });
      const results = await copyReferences(job, [...tags, "absent"]);
      const wanted = [...tags.map((tag) => [tag, "copied"]), ["absent", "gone"]];
      expect(Object.fromEntries(results), name).toEqual(Object.fromEntries(wanted));
      expect((await remote.tags(repository, signal)).sort(), name).toEqual(tags);
    }
  });

  test("leaves a tag that names something else when it is not to be replaced", async () => {
    for (const { name, remote } of others) {
      const repository = `library/moved-${name.toLowerCase()}`;
      const first = await giveImage(here.peer, repository, { tag: "1" });
      const there = { from: repository, to: repository };
      await copyReference(copying(here.peer, remote, there), "1");
      const second = await giveImage(here.peer, repository, { tag: "1" });
      const job = copying(here.peer, remote, { ...there, override: false });
      expect(await copyReference(job, "1"), name).toBe("differs");
      expect(job.lines.at(-1)).toContain("names something else");
      expect(await remote.digestOf(repository, "1", signal), name).toBe(first.digest);
      expect(await copyReference(copying(here.peer, remote, there), "1"), name).toBe("copied");
      expect(await remote.digestOf(repository, "1", signal), name).toBe(second.digest);
    }
  });

  test("keeps to its limit of bytes a second", async () => {
    const image = await giveImage(here.peer, "library/slow", { tag: "1", layers: [600_000, 600_000] });
    const there = { from: "library/slow", to: "library/slow", limit: 1_000_000 };
    const remote = others[1]?.remote as Remote;
    const began = performance.now();
    await copyReference(copying(here.peer, remote, there), "1");
    expect(performance.now() - began).toBeGreaterThan(800);
    expect(await remote.digestOf("library/slow", "1", signal)).toBe(image.digest);
  });

  test("that is stopped ends at once, in the middle of a blob", async () => {
    await giveImage(here.peer, "library/stopped", { tag: "1", layers: [20_000_000] });
    const stop = new AbortController();
    const there = { from: "library/stopped", to: "library/stopped", limit: 1_000_000, signal: stop.signal };
    const remote = others[0]?.remote as Remote;
    const running = copyReference(copying(here.peer, remote, there), "1");
    const failed = expect(running).rejects.toThrow("stopped by hand");
    setTimeout(() => stop.abort(new Error("stopped by hand")), 500);
    const began = performance.now();
    await failed;
    expect(performance.now() - began).toBeLessThan(1500);
  });
});
