import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Remote } from "../../registry/replication/remote/remote.ts";
import { copyReference } from "../../registry/replication/transfer.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { copying, giveImage, giveIndex, giveReferrer, openHere, remoteTo, remoteToBerth } from "./sides.ts";
import type { Here, Piece } from "./sides.ts";

const signal = new AbortController().signal;

describeWith(["docker-registry"], "what refers to an artifact", () => {
  let berth: Berth;
  let docker: DockerRegistry;
  let here: Here;
  const others: { name: string; remote: Remote }[] = [];

  beforeAll(async () => {
    [berth, docker] = await Promise.all([startBerth(), startDockerRegistry()]);
    others.push({ name: "berth", remote: remoteToBerth(berth) });
    others.push({ name: "docker-registry", remote: remoteTo(docker.url) });
  });
  afterAll(async () => {
    for (const { remote } of others) await remote.close();
    await Promise.all([berth.close(), docker.close()]);
  });
  beforeEach(async () => void (here = await openHere()));
  afterEach(() => here.close());

  test("goes with it and comes back, signatures of signatures too", async () => {
    for (const { name, remote } of others) {
      const there = { from: "library/signed", to: `library/signed-${name}` };
      const image = await giveImage(here.peer, there.from, { tag: "1" });
      const signature = await giveReferrer(here.peer, there.from, image.descriptor);
      const sbom = await giveReferrer(here.peer, there.from, image.descriptor, "application/spdx+json");
      const counter = await giveReferrer(here.peer, there.from, signature.descriptor);
      await copyReference(copying(here.peer, remote, there), "1");
      const digests = async (side: Remote | Here["peer"], repository: string, of: string) =>
        (await side.referrers(repository, of, signal)).map((piece) => piece.digest).sort();
      const both = [signature.digest, sbom.digest].sort();
      expect(await digests(remote, there.to, image.digest), name).toEqual(both);
      expect(await digests(remote, there.to, signature.digest), name).toEqual([counter.digest]);

      const back = { from: there.to, to: "library/back" };
      await copyReference(copying(remote, here.peer, back), "1");
      expect(await digests(here.peer, back.to, image.digest), name).toEqual(both);
      expect(await digests(here.peer, back.to, signature.digest), name).toEqual([counter.digest]);
    }
  });

  test("goes after it, when it was signed only later", async () => {
    for (const { name, remote } of others) {
      const there = { from: "library/later", to: `library/later-${name}` };
      const image = await giveImage(here.peer, there.from, { tag: "1" });
      await copyReference(copying(here.peer, remote, there), "1");
      const signature = await giveReferrer(here.peer, there.from, image.descriptor);
      expect(await copyReference(copying(here.peer, remote, there), "1"), name).toBe("same");
      const found = await remote.referrers(there.to, image.digest, signal);
      expect(found, name).toMatchObject([{ digest: signature.digest }]);
    }
  });

  test("goes with the images of an index that are signed by themselves", async () => {
    for (const { name, remote } of others) {
      const there = { from: "library/parts", to: `library/parts-${name}` };
      const index = await giveIndex(here.peer, there.from, "1", ["linux/amd64", "linux/arm64"]);
      await copyReference(copying(here.peer, remote, there), "1");
      const child = index.children[1]?.descriptor as Piece;
      const signature = await giveReferrer(here.peer, there.from, child);
      expect(await copyReference(copying(here.peer, remote, there), "1"), name).toBe("same");
      const found = await remote.referrers(there.to, child.digest, signal);
      expect(found, name).toMatchObject([{ digest: signature.digest }]);
    }
  });

  test("goes by cosign's tags, and is replaced when there is one signature more", async () => {
    for (const { name, remote } of others) {
      const there = { from: "library/cosign", to: `library/cosign-${name}` };
      const image = await giveImage(here.peer, there.from, { tag: "1" });
      const tag = `${image.digest.replace(":", "-")}.sig`;
      await giveImage(here.peer, there.from, { tag, layers: [250] });
      await copyReference(copying(here.peer, remote, there), "1");
      const more = await giveImage(here.peer, there.from, { tag, layers: [250, 260] });
      expect(await copyReference(copying(here.peer, remote, there), "1"), name).toBe("same");
      expect(await remote.digestOf(there.to, tag, signal), name).toBe(more.digest);
    }
  });

  test("that is a circle of cosign's tags ends all the same", async () => {
    const image = await giveImage(here.peer, "library/circle", { tag: "1" });
    const tag = `${image.digest.replace(":", "-")}.sig`;
    await here.oci.moveTag((await here.oci.repositories.find("library/circle"))!, tag, image.digest);
    for (const { name, remote } of others) {
      const there = { from: "library/circle", to: `library/circle-${name}` };
      expect(await copyReference(copying(here.peer, remote, there), "1"), name).toBe("copied");
    }
  });

  test("is asked for from a registry that does not know, but once a repository", async () => {
    const [, { remote } = others[0]!] = others;
    for (const tag of ["1", "2", "3"]) await giveImage(remote, "library/plain", { tag });
    const job = copying(remote, here.peer, { from: "library/plain", to: "library/plain" });
    for (const tag of ["1", "2", "3"]) expect(await copyReference(job, tag)).toBe("copied");
  });
});

describeWith([], "a choice of platforms", () => {
  let berth: Berth;
  let here: Here;
  let remote: Remote;
  beforeAll(async () => {
    berth = await startBerth();
    remote = remoteToBerth(berth);
    here = await openHere();
  });
  afterAll(async () => {
    await remote.close();
    await Promise.all([berth.close(), here.close()]);
  });
  const there = { from: "library/app", to: "library/app" };

  test("takes these alone out of an index, the same bytes each time, and what vouches for them", async () => {
    const index = await giveIndex(here.peer, there.from, "1", [
      "linux/amd64",
      "linux/arm64",
      "windows/amd64",
    ]);
    const [amd, arm] = index.children as [(typeof index.children)[0], (typeof index.children)[0]];
    const signed = await giveReferrer(here.peer, there.from, amd.descriptor);
    const whole = await giveReferrer(here.peer, there.from, index.descriptor);
    const platforms = { matches: ["linux/amd64"], excludes: [] };
    const job = copying(here.peer, remote, { ...there, platforms });
    expect(await copyReference(job, "1")).toBe("copied");
    expect(job.lines.join("\n")).toContain("linux/arm64, windows/amd64");
    expect(job.lines.join("\n")).toContain("signatures of the whole do not cover it");
    const manifest = await remote.manifest(there.to, "1", signal);
    const entries = JSON.parse(manifest?.bytes.toString() ?? "{}") as { manifests: Piece[] };
    expect(entries.manifests.map(({ digest }) => digest)).toEqual([amd.digest]);
    expect(await remote.digestOf(there.to, arm.digest, signal)).toBeUndefined();
    expect(await remote.digestOf(there.to, signed.digest, signal)).toBe(signed.digest);
    expect(await remote.digestOf(there.to, whole.digest, signal)).toBeUndefined();
    expect(await copyReference(copying(here.peer, remote, { ...there, platforms }), "1")).toBe("same");
  });

  test("drops attestations with what they are about, and keeps the others", async () => {
    const [amd, arm] = [await giveImage(here.peer, there.from), await giveImage(here.peer, there.from)];
    const attest = async (of: Piece): Promise<Piece> => ({
      ...(await giveImage(here.peer, there.from, { platform: "unknown/unknown", layers: [90] })).descriptor,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": of.digest,
      },
    });
    const more = [
      { ...amd.descriptor, platform: { os: "linux", architecture: "amd64" } },
      { ...arm.descriptor, platform: { os: "linux", architecture: "arm", variant: "v7" } },
      await attest(amd.descriptor),
      await attest(arm.descriptor),
    ];
    await giveIndex(here.peer, there.from, "attested", [], more);
    const platforms = { matches: ["linux/arm"], excludes: [] };
    await copyReference(copying(here.peer, remote, { ...there, platforms }), "attested");
    const manifest = await remote.manifest(there.to, "attested", signal);
    const entries = JSON.parse(manifest?.bytes.toString() ?? "{}") as { manifests: Piece[] };
    expect(entries.manifests.map(({ digest }) => digest)).toEqual([more[1]!.digest, more[3]!.digest]);
  });

  test("skips what has none of them, be it an index or one image, and says so", async () => {
    await giveIndex(here.peer, there.from, "windows", ["windows/amd64"]);
    await giveImage(here.peer, there.from, { tag: "one", platform: "windows/amd64" });
    const platforms = { matches: [], excludes: ["windows/amd64"] };
    const job = copying(here.peer, remote, { ...there, platforms });
    expect(await copyReference(job, "windows")).toBe("skipped");
    expect(await copyReference(job, "one")).toBe("skipped");
    expect(job.lines).toHaveLength(2);
    expect(await remote.digestOf(there.to, "one", signal)).toBeUndefined();
  });
});
