// `npm run pack`: what a person installs, in release/. Linux: a folder, a .tar.gz and, where dpkg-deb is, a .deb.
// `npm run pack -- dir` stops after the folder.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, root } from "./build.mjs";
import { findElectronToPack } from "./electron.mjs";

const only = process.argv[2];
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const release = join(root, "release");

try {
  await build();
  pack();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function pack() {
  rmSync(only === "dir" ? join(release, "linux-unpacked") : release, { recursive: true, force: true });
  const electron = findElectronToPack();
  const source = electron
    ? [`-c.electronDist=${electron.dist}`, `-c.electronVersion=${electron.version}`]
    : [];
  // Electron has this fuse since 29; the runtime of tests is older.
  if (!electron || parseInt(electron.version, 10) >= 29)
    source.push("-c.electronFuses.grantFileProtocolExtraPrivileges=false");
  process.stdout.write(
    `packing Berth ${version} with Electron ${electron?.version ?? "from its release host"}\n`,
  );

  if (process.platform !== "linux") {
    builder([process.platform === "darwin" ? "--mac" : "--win", ...(only ? [only] : []), ...source]);
    return;
  }
  builder(["--linux", ...(only !== "dir" && has("dpkg-deb") ? ["dir", "deb"] : ["dir"]), ...source]);
  if (only === "dir") return;
  const name = `berth-${version}-linux-${process.arch}`;
  const renamed = `s,^linux-unpacked,${name},`;
  execFileSync("tar", [
    "-C",
    release,
    "--transform",
    renamed,
    "-czf",
    join(release, `${name}.tar.gz`),
    "linux-unpacked",
  ]);
}

function builder(words) {
  const cli = fileURLToPath(import.meta.resolve("electron-builder/cli.js"));
  const env = { ...process.env, CUSTOM_FPM_PATH: join(root, "main/resources/fpm.cjs") };
  const { status } = spawnSync(process.execPath, [cli, ...words], { cwd: root, env, stdio: "inherit" });
  if (status !== 0) throw new Error("the package could not be made");
}

function has(program) {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}
