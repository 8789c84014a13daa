import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { locate } from "../parts.ts";
import { ask } from "./requests.ts";

/** A registry that runs in a process of its own, on a folder of its own. */
export interface Contender {
  name: "Berth" | "docker-registry";
  /** `http://127.0.0.1:port`. */
  url: string;
  pid: number;
  /** What the process has written to its standard error. */
  said(): string;
  /** A repository to push to and pull from, with what lets a client do so: a fresh token of Berth's, nothing elsewhere. */
  repository(name: string): Promise<Repository>;
  stop(): Promise<void>;
}

export interface Repository {
  owner: Contender;
  /** `http://127.0.0.1:port/v2/library/name`. */
  url: string;
  headers: Record<string, string>;
}

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const password = "Harbor-12345";

/** The built `serve` on an empty folder; resolves, as does `startPeer`, once it answers `/v2/`. `preload` is a script that runs in its process first. */
export async function startBerth(folder: string, preload?: string): Promise<Contender> {
  const port = await freePort();
  const args = ["out/main/serve.cjs", "--data-dir", folder, "--listen", `127.0.0.1:${port}`];
  const env = { ...process.env, BERTH_ADMIN_PASSWORD: password };
  const child = spawn(process.execPath, preload ? ["--require", preload, ...args] : args, { cwd: root, env });
  const url = `http://127.0.0.1:${port}`;
  return contender("Berth", child, url, async (repository) => {
    const scope = `repository:${repository}:pull,push`;
    const basic = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
    const path = `/service/token?service=harbor-registry&scope=${scope}`;
    const answer = await ask(url + path, { headers: { authorization: basic } });
    const { token } = JSON.parse(answer.body.toString()) as { token: string };
    return { authorization: `Bearer ${token}` };
  });
}

/** Debian's docker-registry with its own settings: files, and what it knows of blobs in memory. It writes no log of requests. */
export async function startPeer(folder: string): Promise<Contender> {
  const port = await freePort();
  const settings = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, cache: { blobdescriptor: "inmemory" } },
    http: { addr: `127.0.0.1:${port}` },
  };
  await mkdir(folder, { recursive: true });
  // JSON is YAML.
  const file = join(folder, "config.yml");
  await writeFile(file, JSON.stringify(settings));
  const child = spawn(locate("docker-registry"), ["serve", file]);
  return contender("docker-registry", child, `http://127.0.0.1:${port}`, () => Promise.resolve({}));
}

async function contender(
  name: Contender["name"],
  child: ChildProcess,
  url: string,
  credentials: (repository: string) => Promise<Record<string, string>>,
): Promise<Contender> {
  let said = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-20_000)));
  const ended = once(child, "exit");
  // Nothing is left behind when the bench itself fails.
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    process.off("exit", kill);
  };

  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`${name} did not start: ${said}`);
    await wait(2);
  }
  const { pid = 0 } = child;
  const owner: Contender = {
    name,
    url,
    pid,
    said: () => said,
    stop,
    repository: async (path) => ({ owner, url: `${url}/v2/${path}`, headers: await credentials(path) }),
  };
  return owner;
}

/** Whether it speaks the distribution API yet: an empty answer and a request to sign in are both fine. */
async function answers(url: string): Promise<boolean> {
  try {
    return [200, 401].includes((await ask(`${url}/v2/`, { any: true })).status);
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Bytes of memory of a process: what it holds now (`VmRSS`), or the most it ever held (`VmHWM`). */
export async function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}
