import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../registry/contract/fault.ts";
import type { RegistryType } from "../../registry/contract/registries.ts";
import type { ReplicationFilter } from "../../registry/contract/replication.ts";
import type { Remote } from "../../registry/replication/remote/remote.ts";
import type { Listed, Peer } from "../../registry/replication/side.ts";
import { send, startPeer } from "../exploits/peer.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { copying, giveImage, giveIndex, giveReferrer, openHere, remoteTo, remoteToBerth } from "./sides.ts";
import { copyReference } from "../../registry/replication/transfer.ts";

const signal = new AbortController().signal;
const named = (value: string): ReplicationFilter[] => [{ type: "name", value }];

async function listed(peer: Peer, filters: ReplicationFilter[] = []): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const one of peer.list(filters, signal)) found.push(one);
  return found.sort((a, b) => (a.repository + a.tags.join() < b.repository + b.tags.join() ? -1 : 1));
}

describe("a Berth as the other side", () => {
  let berth: Berth;
  let remote: Remote;
  beforeAll(async () => {
    berth = await startBerth();
    remote = remoteToBerth(berth);
  });
  afterAll(async () => {
    await remote.close();
    await berth.close();
  });

  test("gets the projects that it lacks, public or not, and keeps those that it has", async () => {
    const wanted = Array.from({ length: 12 }, (_, at) => ({ name: `team-${at}`, public: at % 2 === 0 }));
    await remote.prepare([...wanted, { name: "library", public: false }], signal);
    await remote.prepare(wanted, signal);
    const { items } = await berth.client().projects.list({ page_size: 50 });
    const open = Object.fromEntries(items.map((project) => [project.name, project.metadata.public]));
    expect(open).toMatchObject({ "team-0": "true", "team-1": "false", "team-11": "false", library: "true" });
  });

  test("that lets nobody make projects says so, and who may not write there is told so", async () => {
    const admin = berth.client();
    await admin.users.create({
      username: "dev",
      email: "dev@example.com",
      realname: "Dev",
      password: "Developer-1",
    });
    await admin.configurations.update({ project_creation_restriction: "adminonly" });
    const dev = remoteToBerth(berth, { access_key: "dev", access_secret: "Developer-1" });
    const refused = dev.prepare([{ name: "fresh", public: false }], signal);
    await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(dev.prepare([{ name: "fresh", public: false }], signal)).rejects.toThrow(
      "project fresh is missing",
    );
    const here = await openHere();
    await giveImage(here.peer, "library/app", { tag: "1" });
    const copy = copyReference(copying(here.peer, dev, { to: "library/theirs" }), "1");
    await expect(copy).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await Promise.all([here.close(), dev.close()]);
  });

  test("lists artifacts with tags and kinds, and no more than the names ask for", async () => {
    const index = await giveIndex(remote, "library/multi", "all", ["linux/amd64", "linux/arm64"]);
    await giveReferrer(remote, "library/multi", index.descriptor);
    await giveImage(remote, "library/deep/er", { tag: "1" });
    const bare = await giveImage(remote, "library/bare");
    await giveImage(remote, "team-1/app", { tag: "1" });
    const all = await listed(remote);
    expect(all.map(({ repository, tags }) => `${repository}:${tags.join()}`)).toEqual([
      "library/bare:",
      "library/deep/er:1",
      "library/multi:all",
      "team-1/app:1",
    ]);
    expect(all[0]).toMatchObject({ digest: bare.digest, type: "IMAGE", public: true, labels: [] });
    expect((await listed(remote, named("team-1/**"))).map((one) => one.repository)).toEqual(["team-1/app"]);
    expect((await listed(remote, named("{library,none}/deep/er")))[0]?.repository).toBe("library/deep/er");
    expect(await listed(remote, named("absent/**"))).toEqual([]);
  });

  test("loses a tag and keeps its sibling, and a repository whole", async () => {
    const image = await giveImage(remote, "library/names", { tag: "1" });
    const whole = await remote.manifest("library/names", "1", signal);
    await remote.putManifest("library/names", "2", whole!, signal);
    await remote.removeTag("library/names", "1", signal);
    await remote.removeTag("library/names", "1", signal);
    expect(await remote.tags("library/names", signal)).toEqual(["2"]);
    await remote.removeArtifact("library/names", image.digest, signal);
    await remote.removeArtifact("library/names", image.digest, signal);
    expect(await remote.tags("library/names", signal)).toEqual([]);
    await remote.removeRepository("library/deep/er", signal);
    await remote.removeRepository("library/deep/er", signal);
    expect((await listed(remote)).map((one) => one.repository)).not.toContain("library/deep/er");
  });

  test("has names of at least a project and a repository", () => {
    expect(() => remote.assertName("library/app")).not.toThrow();
    expect(() => remote.assertName("app")).toThrow(Fault);
    expect(() => remote.assertName("library/App")).toThrow(Fault);
    const hub = remoteTo("https://hub.docker.com", { type: "docker-hub" });
    expect(() => hub.assertName("library/app")).not.toThrow();
    expect(() => hub.assertName("library/a/b")).toThrow("exactly 2");
  });
});

describeWith(["docker-registry"], "docker-registry as the other side", () => {
  let docker: DockerRegistry;
  let remote: Remote;
  beforeAll(async () => {
    docker = await startDockerRegistry();
    remote = remoteTo(docker.url);
  });
  afterAll(async () => {
    await remote.close();
    await docker.close();
  });

  test("lists by catalog, all pages of it, or by name without one", async () => {
    const names = Array.from({ length: 105 }, (_, at) => `many/r${at}`);
    const bytes = Buffer.from("the same layer");
    for (const name of names) await giveImage(remote, name, { tag: "1", layers: [bytes] });
    await giveImage(remote, "single", { tag: "1", layers: [bytes] });
    expect(await listed(remote)).toHaveLength(106);
    const some = await listed(remote, named("{many/r7,single,absent}"));
    expect(some).toEqual([
      { repository: "many/r7", tags: ["1"], labels: [] },
      { repository: "single", tags: ["1"], labels: [] },
    ]);
    const hub = remoteTo(docker.url, { type: "docker-hub" });
    await expect(listed(hub)).rejects.toThrow("name them in the rule's name filter");
    await hub.close();
  });

  test("loses a tag only where no sibling would go with it", async () => {
    await giveImage(remote, "library/names", { tag: "1" });
    const whole = await remote.manifest("library/names", "1", signal);
    await remote.putManifest("library/names", "2", whole!, signal);
    await expect(remote.removeTag("library/names", "1", signal)).rejects.toThrow("2 is the same artifact");
    await giveImage(remote, "library/names", { tag: "2" });
    await remote.removeTag("library/names", "1", signal);
    expect(await remote.tags("library/names", signal)).toEqual(["2"]);
    await remote.removeRepository("library/names", signal);
    expect(await remote.tags("library/names", signal)).toEqual([]);
  });
});

describe("this registry as a side", () => {
  test("lists what people call artifacts, makes projects, and loses what is removed", async () => {
    const here = await openHere();
    const { peer } = here;
    const index = await giveIndex(peer, "library/multi", "all", ["linux/amd64", "linux/arm64"]);
    await giveReferrer(peer, "library/multi", index.descriptor);
    await peer.prepare([{ name: "team", public: false }], signal);
    await peer.prepare([{ name: "team", public: true }], signal);
    for (let at = 0; at < 101; at += 1) await giveImage(peer, `team/r${at}`, { tag: "1", layers: [] });
    const all = await listed(peer);
    expect(all).toHaveLength(102);
    expect(all[0]).toMatchObject({ repository: "library/multi", tags: ["all"], type: "IMAGE", public: true });
    expect(await listed(peer, named("team/**"))).toHaveLength(101);
    expect((await listed(peer, named("team/r5")))[0]).toMatchObject({ public: false });
    await peer.removeTag("library/multi", "all", signal);
    await peer.removeTag("library/multi", "all", signal);
    expect(here.events.at(-1)).toMatchObject({ name: "tag.removed", tag: "all" });
    await peer.removeArtifact("library/multi", index.digest, signal);
    await peer.removeRepository("library/multi", signal);
    await peer.removeRepository("library/multi", signal);
    expect(await listed(peer, named("library/**"))).toEqual([]);
    await expect(giveImage(peer, "absent/app")).rejects.toThrow("no project");
    await here.close();
  });
});

describe("a look at an endpoint", () => {
  const check = async (url: string, type: RegistryType = "docker-registry", secret = "") => {
    // A password takes a while to check; what says nothing at all is not waited for as long.
    const patience = secret === "" ? 500 : 20_000;
    const timeouts = { connect: patience, headers: patience, body: patience };
    const remote = remoteTo(url, { type, access_key: secret && "admin", access_secret: secret, timeouts });
    const found = await remote.check(signal);
    await remote.close();
    return found;
  };

  test("says that a registry is well, and whom it lets in", async () => {
    const berth = await startBerth();
    expect(await check(berth.url, "berth", berth.admin.password)).toEqual({
      message: `${berth.url} answers, and lets admin in`,
    });
    expect(await check(berth.url, "docker-registry")).toEqual({ message: `${berth.url} answers` });
    expect(await check(berth.url, "harbor", "wrong-Secret1")).toMatchObject({ problem: "credentials" });
    await berth.close();
  });

  test("tells names, ports, silence and web sites apart", async () => {
    expect(await check("http://no-such-host.invalid")).toMatchObject({ problem: "name" });
    const silent: Server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect(await check(url)).toMatchObject({ problem: "timeout" });
    silent.close();
    expect(await check("http://127.0.0.1:1")).toMatchObject({ problem: "refused" });
    const site = await startPeer();
    site.answer = (_request, response) => {
      send(response, 200, { "content-type": "text/html" }, "<html>hello</html>");
      return true;
    };
    expect(await check(site.url)).toMatchObject({ problem: "not-a-registry" });
    expect(await check(site.url, "harbor")).toMatchObject({ problem: "not-a-registry" });
    site.answer = () => false;
    expect(await check(site.url, "harbor")).toMatchObject({ problem: "not-a-registry" });
    expect(await check(site.url)).toEqual({ message: `${site.url} answers` });
    await site.close();
  });
});
