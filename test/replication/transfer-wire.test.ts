import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Remote } from "../../registry/replication/remote/remote.ts";
import { copyReference, copyReferences } from "../../registry/replication/transfer.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { copying, giveImage, openHere, remoteTo, remoteToBerth, type Here } from "./sides.ts";
import { behindWire, wireTo, wireToBerth, type Wire } from "./wire.ts";

const signal = new AbortController().signal;

describeWith(["docker-registry"], "what goes over the wire", () => {
  let berth: Berth;
  let docker: DockerRegistry;
  let here: Here;
  const others: { name: string; remote: Remote; wire: Wire }[] = [];

  beforeAll(async () => {
    [berth, docker] = await Promise.all([startBerth(behindWire), startDockerRegistry()]);
  });
  afterAll(() => Promise.all([berth.close(), docker.close()]));
  beforeEach(async () => {
    here = await openHere();
    const [toBerth, toDocker] = [await wireToBerth(berth), await wireTo(docker.url)];
    others.push({ name: "berth", wire: toBerth, remote: remoteToBerth(berth) });
    others.push({ name: "docker-registry", wire: toDocker, remote: remoteTo(toDocker.url) });
  });
  afterEach(async () => {
    for (const { remote, wire } of others.splice(0)) await Promise.all([remote.close(), wire.close()]);
    await here.close();
  });

  test("is each blob once, however many images have it", async () => {
    for (const { name, remote, wire } of others) {
      const shared = [randomBytes(300_000), randomBytes(6_000_000)];
      const jobs = [];
      for (const repository of ["library/one", "library/two", "library/three"]) {
        const names = { from: repository, to: repository };
        for (const tag of ["1", "2"])
          await giveImage(here.peer, repository, { tag, layers: [...shared, 1000] });
        jobs.push(copying(here.peer, remote, names));
      }
      wire.clear();
      await Promise.all(jobs.map((job) => copyReferences(job, ["1", "2"])));
      const bytes = shared.reduce((sum, one) => sum + one.length, 0);
      expect(wire.up, name).toBeGreaterThan(bytes);
      expect(wire.up, name).toBeLessThan(bytes + 120_000);
      expect(wire.count("POST", "mount="), name).toBe(4);
      const lines = jobs.flatMap((job) => job.lines).filter((line) => line.includes("taken over"));
      expect(lines, name).toHaveLength(4);
    }
  });

  test("is not a blob that another repository there has, not even when nobody remembers", async () => {
    for (const other of others) {
      const shared = randomBytes(2_000_000);
      const { name, remote, wire } = other;
      const old = { from: "library/old", to: "library/mirror/old" };
      await giveImage(here.peer, "library/old", { tag: "1", layers: [shared] });
      await copyReference(copying(here.peer, remote, old), "1");
      await here.reopen();
      await giveImage(here.peer, "library/new", { tag: "1", layers: [shared] });
      wire.clear();
      const job = copying(here.peer, remote, { from: "library/new", to: "library/mirror/new" });
      await copyReference(job, "1");
      expect(wire.up, name).toBeLessThan(100_000);
    }
  });

  test("is one question for each tag when nothing has changed, and no bytes", async () => {
    for (const { name, remote, wire } of others) {
      const tags = ["1", "2", "3", "4", "5"];
      for (const tag of tags) await giveImage(here.peer, "library/app", { tag });
      await copyReferences(copying(here.peer, remote), tags);
      wire.clear();
      const results = await copyReferences(copying(here.peer, remote), tags);
      expect([...results.values()], name).toEqual(tags.map(() => "same"));
      expect(wire.requests.length, name).toBe(tags.length);
      expect(wire.count("HEAD", "/manifests/"), name).toBe(tags.length);
    }
  });

  test("is but the new layer when an image has changed", async () => {
    for (const { name, remote, wire } of others) {
      const base = randomBytes(5_000_000);
      await giveImage(here.peer, "library/app", { tag: "1", layers: [base, 2000] });
      await copyReference(copying(here.peer, remote), "1");
      await giveImage(here.peer, "library/app", { tag: "2", layers: [base, 2000] });
      wire.clear();
      await copyReference(copying(here.peer, remote), "2");
      expect(wire.up, name).toBeLessThan(20_000);
    }
  });

  test("is each blob once on the way here as well", async () => {
    for (const { name, remote, wire } of others) {
      const shared = randomBytes(3_000_000);
      for (const repository of ["library/one", "library/two"])
        await giveImage(remote, repository, { tag: "1", layers: [shared, 1000] });
      wire.clear();
      const jobs = ["one", "two"].map((from) =>
        copying(remote, here.peer, { from: `library/${from}`, to: `library/${from}` }),
      );
      await Promise.all(jobs.map((job) => copyReference(job, "1")));
      expect(wire.down, name).toBeGreaterThan(shared.length);
      expect(wire.down, name).toBeLessThan(shared.length + 60_000);
      expect(await here.peer.tags("library/two", signal)).toEqual(["1"]);
    }
  });
});
