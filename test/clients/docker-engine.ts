import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locate, run, type Outcome, type RunOptions } from "../parts.ts";
import { packed } from "./tar.ts";

/** What a layer holds, by path from the image's root. */
type Files = Record<string, string | Buffer>;

/** A Docker engine of the test's own, and the CLI that speaks to it. */
export interface DockerEngine {
  /** For `DOCKER_HOST`. */
  host: string;
  /** For `DOCKER_CONFIG`: logins, and under `tls/<host:port>/ca.crt` what the trust client believes. */
  config: string;
  docker(...args: string[]): Promise<Outcome>;
  /** `docker` with a standard input (`login --password-stdin`) or with more in its environment. */
  dockerWith(options: RunOptions, ...args: string[]): Promise<Outcome>;
  /** Makes an image of one layer that holds these files; the same files make the same image. */
  importImage(name: string, files: Files): Promise<void>;
  /** Makes an image of `layers` layers that no other image shares, of `bytes` bytes each. */
  multiLayerImage(name: string, layers: number, bytes?: number): Promise<void>;
  /** Ends the engine and all that it started, and removes what they kept. */
  close(): Promise<void>;
}

/**
 * Starts the real `dockerd` on a socket in a temporary folder.
 *
 * No network of its own and nothing shared with an engine that may run on the machine, so it can build
 * from scratch, push and pull, but not run containers that need a network. Needs root.
 */
export async function openDockerEngine(): Promise<DockerEngine> {
  const folder = await mkdtemp(join(tmpdir(), "berth-docker-"));
  const host = `unix://${folder}/d.sock`;
  const config = join(folder, "config");
  const env = environment({ DOCKER_HOST: host, DOCKER_CONFIG: config });
  await mkdir(config);

  const log: string[] = [];
  const engine = await startEngine(folder, host, log);
  const dockerWith: DockerEngine["dockerWith"] = (options, ...args) =>
    run(locate("docker"), args, { ...options, env: { ...env, ...options.env } });
  const docker: DockerEngine["docker"] = (...args) => dockerWith({}, ...args);

  async function close(): Promise<void> {
    await stop(engine, folder);
    await rm(folder, { recursive: true, force: true });
  }

  async function load(name: string, layers: readonly Files[]): Promise<void> {
    const archive = await mkdtemp(join(folder, "image-"));
    await writeArchive(archive, name, layers);
    const loaded = await docker("load", "--quiet", "--input", await packed(archive));
    await rm(archive, { recursive: true });
    await rm(`${archive}.tar`);
    if (loaded.code !== 0) throw new Error(`docker load of ${name} failed: ${loaded.stderr}`);
  }

  try {
    await untilReady(engine, docker);
  } catch (cause) {
    await close();
    throw new Error(`dockerd did not start:\n${log.join("").slice(-2000)}`, { cause });
  }

  return {
    host,
    config,
    docker,
    dockerWith,
    importImage: (name, files) => load(name, [files]),
    multiLayerImage(name, layers, bytes = 1024) {
      const files = Array.from({ length: layers }, (_, index) => ({
        [`layer-${index}`]: randomBytes(bytes),
      }));
      return load(name, files);
    },
    close,
  };
}

/**
 * An image as `docker save` writes it: each layer a tar, and a configuration that names them by digest.
 *
 * Loading one takes a moment where `docker build` takes a second a layer, and leaves out the time of day.
 */
async function writeArchive(folder: string, name: string, layers: readonly Files[]): Promise<void> {
  const created = "2024-01-01T00:00:00Z";
  const names: string[] = [];
  const digests: string[] = [];
  for (const [index, files] of layers.entries()) {
    const content = join(folder, `${index}`);
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(content, path)), { recursive: true });
      await writeFile(join(content, path), bytes);
    }
    const tar = await packed(content);
    await rm(content, { recursive: true });
    names.push(basename(tar));
    digests.push(
      `sha256:${createHash("sha256")
        .update(await readFile(tar))
        .digest("hex")}`,
    );
  }

  const config = {
    architecture: "amd64",
    os: "linux",
    created,
    config: {},
    history: names.map((layer) => ({ created, created_by: `COPY ${layer} /` })),
    rootfs: { type: "layers", diff_ids: digests },
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: [name], Layers: names }];
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}

function environment(own: Record<string, string>): NodeJS.ProcessEnv {
  // BuildKit is a plugin that the CLI may lack, and the engine of Debian builds without it.
  const env: NodeJS.ProcessEnv = { ...process.env, DOCKER_BUILDKIT: "0", ...own };
  for (const name of ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTENT_TRUST"])
    delete env[name];
  return env;
}

async function startEngine(folder: string, host: string, log: string[]): Promise<ChildProcess> {
  const at = (name: string): string => join(folder, name);
  const options = {
    hosts: [host],
    "data-root": at("data"),
    "exec-root": at("exec"),
    pidfile: at("pid"),
    "storage-driver": "vfs",
    iptables: false,
    ip6tables: false,
    bridge: "none",
  };
  // A configuration of its own also keeps the engine from reading the machine's.
  await writeFile(at("daemon.json"), JSON.stringify(options));
  // The engine goes when the test's process goes, however that ends.
  const command = ["--pdeathsig", "TERM", locate("dockerd"), "--config-file", at("daemon.json")];
  const engine = spawn("setpriv", command, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [engine.stdout, engine.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => log.push(text));
  }
  engine.on("error", (error) => log.push(error.message));
  return engine;
}

async function untilReady(engine: ChildProcess, docker: DockerEngine["docker"]): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (hasEnded(engine)) throw new Error(`it ended with status ${engine.exitCode}`);
    const version = await docker("version", "--format", "{{.Server.Version}}");
    if (version.code === 0) return;
    await sleep(100);
  }
  throw new Error("it did not answer within a minute");
}

async function stop(engine: ChildProcess, folder: string): Promise<void> {
  // Read first: the engine removes the file while it goes, whether or not containerd went.
  const containerd = await readFile(join(folder, "exec/containerd/containerd.pid"), "utf8").catch(() => "");
  await end(engine);
  if (containerd !== "") await endProcess(Number(containerd));
  // The engine mounts its folder on itself; one that had to be killed leaves that behind.
  await run("umount", ["--lazy", join(folder, "data")]);
}

async function end(engine: ChildProcess): Promise<void> {
  if (hasEnded(engine)) return;
  const ended = new Promise((done) => engine.once("exit", done));
  engine.kill("SIGTERM");
  const killer = setTimeout(() => engine.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(killer);
}

async function endProcess(pid: number): Promise<void> {
  for (let tries = 0; tries < 50 && isRunning(pid); tries += 1) {
    if (tries === 20) process.kill(pid, "SIGKILL");
    await sleep(100);
  }
}

function hasEnded(engine: ChildProcess): boolean {
  return engine.pid === undefined || engine.exitCode !== null || engine.signalCode !== null;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
