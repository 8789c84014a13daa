import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./application.ts";

export const unpacked = join(root, "release/linux-unpacked");

/** In the order of Electron's fuse wire, version 1; those that an older runtime lacks are at the end. */
export const fuseNames = [
  "RunAsNode",
  "EnableCookieEncryption",
  "EnableNodeOptionsEnvironmentVariable",
  "EnableNodeCliInspectArguments",
  "EnableEmbeddedAsarIntegrityValidation",
  "OnlyLoadAppFromAsar",
  "LoadBrowserProcessSpecificV8Snapshot",
  "GrantFileProtocolExtraPrivileges",
] as const;

const sentinel = Buffer.from("dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX");

/** The folder that `npm run pack -- dir` makes, made if it is not there or older than the build. */
export function packOnce(): void {
  const archive = join(unpacked, "resources/app.asar");
  const built = statSync(join(root, "out/built"), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  if (existsSync(archive) && statSync(archive).mtimeMs > built) return;
  const { status, stderr } = spawnSync(process.execPath, [join(root, "main/pack.mjs"), "dir"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`packing failed: ${stderr}`);
}

/** Each fuse of the packed program, and whether it lets the thing happen that it is named for. */
export function fusesOf(program: string): Record<string, boolean> {
  const bytes = readFileSync(program);
  const at = bytes.indexOf(sentinel) + sentinel.length;
  const count = bytes[at + 1] ?? 0;
  const states = fuseNames.slice(0, count).map((name, index) => [name, bytes[at + 2 + index] === 0x31]);
  return Object.fromEntries(states) as Record<string, boolean>;
}

/**
 * A copy of the package that a test's driver can attach to: the fuse against inspectors is the one difference.
 * Beside its archive lies an application that it must not load.
 */
export async function drivableCopy(): Promise<string> {
  packOnce();
  const copy = await mkdtemp(join(root, "release/drivable-"));
  // Links, not bytes: what is not changed is the package itself.
  spawnSync("cp", ["-al", `${unpacked}/.`, copy]);
  const program = join(copy, "berth");
  const bytes = readFileSync(program);
  const fuse =
    bytes.indexOf(sentinel) + sentinel.length + 2 + fuseNames.indexOf("EnableNodeCliInspectArguments");
  bytes[fuse] = 0x31;
  await rm(program);
  writeFileSync(program, bytes, { mode: 0o755 });

  const stray = join(copy, "resources/app");
  await mkdir(stray);
  await writeFile(join(stray, "package.json"), '{ "main": "main.js" }');
  await writeFile(join(stray, "main.js"), "process.exit(66);");
  return program;
}

/** Every file in the package's archive. */
export function archived(): string[] {
  const file = openSync(join(unpacked, "resources/app.asar"), "r");
  const sizes = Buffer.alloc(16);
  readSync(file, sizes, 0, 16, 0);
  const header = Buffer.alloc(sizes.readUInt32LE(12));
  readSync(file, header, 0, header.length, 16);
  closeSync(file);
  return namesIn(JSON.parse(header.toString("utf8")) as Entry, "");
}

interface Entry {
  files?: Record<string, Entry>;
}

function namesIn({ files }: Entry, path: string): string[] {
  if (files === undefined) return [path];
  return Object.entries(files).flatMap(([name, entry]) => namesIn(entry, `${path}/${name}`));
}
