import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const sources = [
  "main",
  "registry",
  "renderer",
  "electron.vite.config.ts",
  "package.json",
  "package-lock.json",
];
const stamp = join(root, "out/built");
const lock = join(root, "out/building");

/** Milliseconds after which a lock is one that a killed build left behind. */
const longestBuild = 180_000;

/** Builds what is missing or older than its sources, and says so in one line; throws with the builder's own words. */
export async function build() {
  if (!isStale()) return;
  mkdirSync(join(root, "out"), { recursive: true });
  while (!takeLock()) await sleep(100);
  try {
    // Another start may have built while this one waited.
    if (isStale()) run();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function run() {
  const builder = join(root, "node_modules/electron-vite/bin/electron-vite.js");
  if (!existsSync(builder)) throw new Error("the libraries are not installed: run npm ci first");
  process.stderr.write("building Berth …\n");
  const began = new Date();
  const { status, stdout, stderr } = spawnSync(process.execPath, [builder, "build", "--logLevel", "warn"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Berth could not be built:\n${stdout}${stderr}`);
  writeFileSync(stamp, "");
  // What changed during the build is not in it.
  utimesSync(stamp, began, began);
}

function isStale() {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  return built === undefined || sources.some((name) => newestIn(join(root, name)) > built);
}

/** Of a folder and all in it; the folder's own time tells that something was removed. */
function newestIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return Infinity;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

function takeLock() {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > longestBuild) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}
