import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";

/**
 * The real programs that tests talk to, and where they are on this machine.
 *
 * `setup.sh` brings them. On a developer's machine a suite whose programs are not there is skipped, and its
 * title says for want of what; under `CI=true` it fails, so that nothing goes untested unseen.
 */
const programs = {
  docker: ["docker"],
  dockerd: ["dockerd"],
  skopeo: ["skopeo"],
  podman: ["podman"],
  buildah: ["buildah"],
  "docker-registry": ["docker-registry"],
  slapd: ["slapd"],
  slapadd: ["slapadd"],
  ldapmodify: ["ldapmodify"],
  openssl: ["openssl"],
  oras: ["oras"],
  crane: ["crane"],
  cosign: ["cosign"],
  notation: ["notation"],
  notary: ["notary"],
  "notary-server": ["notary-server"],
  chromium: ["chromium", "google-chrome", "google-chrome-stable"],
  wrk: ["wrk"],
  xvfb: ["xvfb-run"],
  "dbus-run-session": ["dbus-run-session"],
  "gnome-keyring": ["gnome-keyring-daemon"],
  "dpkg-deb": ["dpkg-deb"],
} as const satisfies Record<string, readonly string[]>;

/** Parts that are known by something else than a program on the path. */
const others = {
  electron: electronPath,
  keytar: () => existing(join(root(), "node_modules/keytar/build/Release/keytar.node")),
  /** The Python that Debian's `dbus` and `gi` modules belong to. */
  "python3-dbus": () =>
    ["dbus", "gi"].every((name) => existsSync(`/usr/lib/python3/dist-packages/${name}/__init__.py`))
      ? existing("/usr/bin/python3")
      : undefined,
} satisfies Record<string, () => string | undefined>;

export type PartName = keyof typeof programs | keyof typeof others;

export interface Outcome {
  stdout: string;
  stderr: string;
  /** The exit status; -1 when a signal ended the program. */
  code: number;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What the program reads from its standard input. */
  input?: string;
}

/** The absolute path of a part, or `undefined` when it is not on this machine. */
export function part(name: PartName): string | undefined {
  if (name in others) return others[name as keyof typeof others]();
  // The engine mounts and makes namespaces; it does not start for anybody else.
  if (name === "dockerd" && process.getuid?.() !== 0) return undefined;
  const known: readonly string[] = programs[name as keyof typeof programs];
  return known.map((program) => findProgram(program)).find((path) => path !== undefined);
}

/** The path of a part that a suite under `describeWith` has made sure of. Throws when it is not there. */
export function locate(name: PartName): string {
  const path = part(name);
  if (path === undefined) throw new Error(`${name} is not on this machine; test/setup.sh brings it`);
  return path;
}

export function missing(names: readonly PartName[]): PartName[] {
  return names.filter((name) => part(name) === undefined);
}

/** A suite that needs real programs: runs with them, is skipped by name without, and fails without in CI. */
export function describeWith(names: readonly PartName[], title: string, suite: () => void): void {
  const absent = missing(names);
  if (absent.length === 0) {
    describe(title, suite);
    return;
  }
  const reason = `${absent.join(", ")} missing`;
  if (process.env["CI"] !== "true") {
    describe.skip(`${title} (${reason})`, suite);
    return;
  }
  describe(title, () => {
    test(`has what it needs: ${names.join(", ")}`, () => {
      throw new Error(`${reason}: run test/setup.sh and read what it names`);
    });
  });
}

/** An Electron that opens the path it is given: the one asked for, the declared one, or that of the tests. */
export function electronPath(): string | undefined {
  const found = ownElectron() ?? findProgram("electron", [partsFolder("bin")]);
  if (found === undefined) return undefined;
  const path = realpathSync(found);
  return hasItsLibraries(path) ? path : undefined;
}

/** Runs a program to its end. A status other than 0 is an answer, not an error. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: "pipe" });
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => (out[name] += text));
    }
    child.on("error", fail);
    child.on("close", (code) => done({ ...out, code: code ?? -1 }));
    // A program that ends without reading its input is no failure of the test.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

function ownElectron(): string | undefined {
  const asked = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
  const folders = [asked, join(root(), "node_modules/electron/dist")].filter(
    (folder) => folder !== undefined,
  );
  return findProgram(
    "electron",
    folders.map((folder) => resolve(folder)),
  );
}

function findProgram(name: string, folders: readonly string[] = searchPath()): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Servers live in sbin, which is not on everybody's path. */
function searchPath(): string[] {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [partsFolder("bin"), ...path, "/usr/local/sbin", "/usr/sbin", "/sbin"];
}

/** Where `setup.sh` keeps what does not come from the machine's own packages. */
function partsFolder(name: string): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return resolve(process.env["BERTH_PARTS"] || join(cache, "berth-parts"), name);
}

function hasItsLibraries(path: string): boolean {
  if (process.platform !== "linux") return true;
  return !spawnSync("ldd", [path], { encoding: "utf8" }).stdout.includes("not found");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

function root(): string {
  return fileURLToPath(new URL("..", import.meta.url));
}
