import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { locate } from "../parts.ts";

/** Debian's docker-registry in a process of its own, which may be killed and started again on its folder. */
export interface DockerRegistry {
  url: string;
  /** Ends it without a chance to write anything more. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "berth-docker-registry-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, "data") },
      cache: { blobdescriptor: "inmemory" },
      delete: { enabled: true },
    },
    // With a secret of its own, uploads outlive the process.
    http: { addr: `127.0.0.1:${port}`, secret: "between restarts" },
  };
  const file = join(folder, "config.yml");
  await writeFile(file, JSON.stringify(settings));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(locate("docker-registry"), ["serve", file], { stdio: "ignore" });
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error("docker-registry did not start");
      await wait(10);
    }
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  await start();
  return {
    url,
    kill,
    start,
    async close() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/v2/`)).status === 200;
  } catch {
    return false;
  }
}
