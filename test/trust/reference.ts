import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locate } from "../parts.ts";
import type { Service } from "./collection.ts";

/** The reference's own server, which keeps all in memory and asks nobody who they are. */
export async function openReference(): Promise<Service & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "berth-notary-server-"));
  const port = await freePort();
  const config = {
    server: { http_addr: `127.0.0.1:${port}` },
    trust_service: { type: "local" },
    logging: { level: "error" },
    storage: { backend: "memory" },
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const said: string[] = [];
  const args = ["-config", join(folder, "config.json")];
  const server = spawn("setpriv", ["--pdeathsig", "TERM", locate("notary-server"), ...args], {
    stdio: "pipe",
  });
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const url = `http://127.0.0.1:${port}`;

  async function close(): Promise<void> {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    if (server.exitCode === null && server.kill("SIGTERM")) await ended;
    await rm(folder, { recursive: true, force: true });
  }

  for (let tries = 0; ; tries += 1) {
    const up = await fetch(`${url}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) break;
    if (tries < 100 && server.exitCode === null) await sleep(50);
    else {
      await close();
      throw new Error(`notary-server did not start:\n${said.join("")}`);
    }
  }
  return {
    host: "localhost:5143",
    fetch: (path, { as: _, ...init } = {}) => fetch(url + path, init),
    close,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
