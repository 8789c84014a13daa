import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Again } from "../../registry/jobs/job.ts";
import type { Remote } from "../../registry/replication/remote/remote.ts";
import { copyReference, type Copied } from "../../registry/replication/transfer.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { freePort, startDockerRegistry, type DockerRegistry } from "./docker-registry.ts";
import { copying, giveImage, openHere, remoteTo, remoteToBerth, type Copy, type Here } from "./sides.ts";
import { behindWire, wireTo, wireToBerth, type Wire } from "./wire.ts";

const signal = new AbortController().signal;
const big = 12_000_000;

/** Tries until it is done, as the job runner does, with what the attempt before has noted. */
async function untilDone(make: () => Copy, reference: string, between: () => Promise<void>): Promise<Copied> {
  let kept: Record<string, unknown> = {};
  for (let attempt = 1; attempt < 50; attempt += 1) {
    const job = { ...make(), kept };
    try {
      return await copyReference(job, reference);
    } catch (error) {
      if (!(error instanceof Again)) throw error;
      kept = { ...kept, ...job.notes };
      await between();
    }
  }
  throw new Error("it never ended");
}

describeWith(["docker-registry"], "a copy over a line that breaks", () => {
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

  test("to another Berth goes on from where that stands: no byte goes twice that had arrived", async () => {
    const { remote, wire } = others[0]!;
    const { digest } = await giveImage(here.peer, "library/app", { tag: "1", layers: [big] });
    wire.clear();
    for (const up of [1_000_000, 3_000_001, 77_777, 5_000_000]) wire.cut({ up });
    expect(await copyReference(copying(here.peer, remote), "1")).toBe("copied");
    expect(await remote.digestOf("library/app", "1", signal)).toBe(digest);
    expect(wire.count("PATCH")).toBeGreaterThanOrEqual(5);
    // What was on the line and in buffers when it was cut goes again.
    expect(wire.up).toBeLessThan(big + 1_000_000);
  });

  test("to docker-registry, which forgets a broken upload, begins that blob anew and no other", async () => {
    const { remote, wire } = others[1]!;
    const { digest } = await giveImage(here.peer, "library/app", { tag: "1", layers: [big, 200_000] });
    wire.clear();
    wire.cut({ up: 5_000_000 });
    expect(await copyReference(copying(here.peer, remote), "1")).toBe("copied");
    expect(await remote.digestOf("library/app", "1", signal)).toBe(digest);
    expect(wire.up).toBeLessThan(big + 5_000_000 + 500_000);
  });

  test("from either goes on by ranges", async () => {
    for (const { name, remote, wire } of others) {
      const { digest } = await giveImage(remote, "library/app", { tag: "1", layers: [big] });
      wire.clear();
      for (const down of [1_000_000, 3_000_001, 5_000_000]) wire.cut({ down });
      expect(await copyReference(copying(remote, here.peer), "1"), name).toBe("copied");
      expect(await here.peer.digestOf("library/app", "1", signal), name).toBe(digest);
      expect(wire.down, name).toBeLessThan(big + 1_500_000);
      await here.peer.removeRepository("library/app", signal);
    }
  });

  test("is right after cuts at random places, both ways", async () => {
    for (const { name, remote, wire } of others) {
      const image = { tag: "1", layers: [big / 4, 300, 70_000, big / 6] };
      const { digest } = await giveImage(here.peer, "library/app", image);
      wire.clear();
      for (let at = 0; at < 12; at += 1) {
        const bytes = Math.floor(2 ** (Math.random() * 20));
        wire.cut(at % 2 === 0 ? { up: bytes } : { down: Math.ceil(bytes / 100) });
      }
      const make = (): Copy => copying(here.peer, remote, { to: "library/there" });
      expect(await untilDone(make, "1", () => wait(20)), name).toBe("copied");
      wire.clear();
      for (let at = 0; at < 12; at += 1) wire.cut({ down: Math.floor(2 ** (Math.random() * 20)) });
      const back = (): Copy => copying(remote, here.peer, { from: "library/there", to: "library/back" });
      expect(await untilDone(back, "1", () => wait(20)), name).toBe("copied");
      expect(await here.peer.digestOf("library/back", "1", signal), name).toBe(digest);
      for (const repository of ["library/app", "library/back"])
        await here.peer.removeRepository(repository, signal);
    }
  });

  test("that is cut for good fails for the time being, and goes on after a restart from where it stood", async () => {
    const { remote, wire } = others[0]!;
    await giveImage(remote, "library/app", { tag: "1", layers: [big] });
    wire.clear();
    setTimeout(() => void wire.off(), 300);
    const job = copying(remote, here.peer, { limit: 10_000_000 });
    await expect(copyReference(job, "1")).rejects.toThrow(Again);
    const first = wire.down;
    expect(first).toBeGreaterThan(500_000);
    await here.reopen();
    await wire.on();
    await copyReference({ ...copying(remote, here.peer), kept: job.notes }, "1");
    expect(wire.down).toBeLessThan(big + 1_500_000);
    expect(Object.values(job.notes)).toHaveLength(1);
  });
});

describeWith(["docker-registry"], "a receiver that is killed in the middle of a blob", () => {
  let here: Here;
  beforeEach(async () => void (here = await openHere()));
  afterEach(() => here.close());

  test("gets the rest when it is back, if it is a Berth", async () => {
    const [dataDir, port] = [await mkdtemp(join(tmpdir(), "berth-killed-")), await freePort()];
    let child = await startProcess(dataDir, port);
    const account = { type: "berth" as const, access_key: "admin", access_secret: "Harbor-12345" };
    const remote = remoteTo(`http://127.0.0.1:${port}`, account);
    const { digest } = await giveImage(here.peer, "library/app", { tag: "1", layers: [big] });
    let sent = 0;
    const make = (): Copy => {
      const job = copying(here.peer, remote, { limit: 8_000_000 });
      return { ...job, progress: ({ sent_bytes = 0 }) => (sent = Math.max(sent, sent_bytes)) };
    };
    setTimeout(() => child.kill("SIGKILL"), 700);
    const between = async (): Promise<void> => {
      if (child.signalCode !== null) child = await startProcess(dataDir, port);
    };
    expect(await untilDone(make, "1", between)).toBe("copied");
    // The second attempt counts only what it has sent itself.
    expect(sent).toBeLessThan(big - 1_000_000);
    expect(await remote.digestOf("library/app", "1", signal)).toBe(digest);
    await remote.close();
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  });

  test("gets it whole when it is back, if it is docker-registry", async () => {
    const docker = await startDockerRegistry();
    const remote = remoteTo(docker.url);
    const image = await giveImage(here.peer, "library/app", { tag: "1", layers: [big, 100_000] });
    setTimeout(() => void docker.kill(), 700);
    const make = (): Copy => copying(here.peer, remote, { limit: 8_000_000 });
    expect(await untilDone(make, "1", () => docker.start())).toBe("copied");
    expect(await remote.digestOf("library/app", "1", signal)).toBe(image.digest);
    await remote.close();
    await docker.close();
  });
});

async function startProcess(dataDir: string, port: number): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("berth-process.ts", import.meta.url));
  const args = ["--import", "tsx", script, dataDir, String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}
