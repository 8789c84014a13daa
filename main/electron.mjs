import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { root } from "./build.mjs";

const own = join(root, "node_modules/electron");
const program =
  { darwin: "Electron.app/Contents/MacOS/Electron", win32: "electron.exe" }[process.platform] ?? "electron";

/** One that cannot be fetched is not asked for again within the hour. */
const note = join(root, "out/electron-not-fetched");
const hour = 3_600_000;
const fetchTime = 120_000;

/** The Electron to run with: `{ path }`, or why there is none: `{ reason }`. */
export function findElectron() {
  const folder = installed() ?? fetched() ?? ofTheTests();
  if (folder === undefined) return { reason: "Electron is not installed and could not be fetched" };
  const path = join(folder, program);
  const lacking = librariesLacking(path);
  return lacking === "" ? { path } : { reason: `Electron lacks libraries of this system: ${lacking}` };
}

/** `{ dist, version }` of a runtime with no application in it, which a package is made from. */
export function findElectronToPack() {
  const tests = ofTheTests();
  const dist = installed() ?? fetched() ?? (tests && join(tests, "../clean"));
  if (dist === undefined || !existsSync(join(dist, "version"))) return undefined;
  return { dist, version: readFileSync(join(dist, "version"), "utf8").trim().replace(/^v/, "") };
}

function installed() {
  const asked = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  return [asked && resolve(asked), join(own, "dist")].find(
    (folder) => folder && isRunnable(join(folder, program)),
  );
}

/** npm brings the package without its binary, which the package itself fetches at first use. */
function fetched() {
  const failed = statSync(note, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - failed < hour || !existsSync(join(own, "install.js"))) return undefined;
  process.stderr.write("fetching Electron, once …\n");
  const { status } = spawnSync(process.execPath, [join(own, "install.js")], {
    stdio: "ignore",
    timeout: fetchTime,
  });
  if (status === 0) return installed();
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, "");
  return undefined;
}

/** An older one that `test/setup.sh` unpacked: good enough to look at Berth with. */
function ofTheTests() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const path = resolve(process.env.BERTH_PARTS || join(cache, "berth-parts"), "bin/electron");
  return isRunnable(path) ? dirname(realpathSync(path)) : undefined;
}

function isRunnable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function librariesLacking(path) {
  if (process.platform !== "linux") return "";
  const { stdout } = spawnSync("ldd", [path], { encoding: "utf8" });
  return [...(stdout ?? "").matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name).join(", ");
}
