import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locate, run, type PartName } from "../parts.ts";
import { printed, refusal } from "./outcomes.ts";

/** A home folder for client programs: their logins, images and leavings stay in it, and nothing of the machine's is read. */
export interface Home {
  /** For the test's own files. */
  folder: string;
  /** Runs a program and gives what it printed. Throws when it fails. */
  does(program: PartName, ...args: string[]): Promise<string>;
  /** Runs a program that must fail and gives what it said. */
  fails(program: PartName, ...args: string[]): Promise<string>;
  /** Makes the folder's logins file know a user, as `docker login` does. Every client reads it. */
  signIn(address: string, user: { name: string; password: string }): Promise<void>;
  close(): Promise<void>;
}

export async function openHome(): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), "berth-home-"));
  const at = (name: string): string => join(folder, name);
  const logins = at("docker/config.json");
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    TMPDIR: at("tmp"),
    XDG_CONFIG_HOME: at("config"),
    XDG_CACHE_HOME: at("cache"),
    XDG_RUNTIME_DIR: at("run"),
    DOCKER_CONFIG: at("docker"),
    REGISTRY_AUTH_FILE: logins,
    CONTAINERS_CONF: at("containers.conf"),
    CONTAINERS_STORAGE_CONF: at("storage.conf"),
  };
  for (const name of ["tmp", "run", "docker"]) await mkdir(at(name), { mode: 0o700 });
  const storage = { driver: "vfs", runroot: at("run/storage"), graphroot: at("storage") };
  await writeFile(env.CONTAINERS_STORAGE_CONF, toml("storage", storage));
  // `cgroupfs` and files for events: there may be no systemd and no journal.
  const engine = { tmp_dir: at("run/libpod"), cgroup_manager: "cgroupfs", events_logger: "file" };
  await writeFile(env.CONTAINERS_CONF, toml("engine", engine));

  const start = (program: PartName, args: readonly string[]) =>
    run(locate(program), args, { env, cwd: folder });
  return {
    folder,
    does: (program, ...args) => printed(start(program, args)),
    fails: (program, ...args) => refusal(start(program, args)),
    async signIn(address, { name, password }) {
      const auth = Buffer.from(`${name}:${password}`).toString("base64");
      await writeFile(logins, JSON.stringify({ auths: { [address]: { auth } } }), { mode: 0o600 });
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function toml(table: string, values: Record<string, string>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return [`[${table}]`, ...lines, ""].join("\n");
}
