// `npm start`: Berth's window, or where there can be none, Berth without it. `npm run serve`: without it in any case.
// `npm run build`: only what both do first.
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { build, root } from "./build.mjs";
import { findElectron } from "./electron.mjs";

const [mode, ...words] = process.argv.slice(2);
try {
  await build();
  if (mode === "serve") serve(words);
  else if (mode !== "build") await open(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function open(words) {
  const display = (await hasDisplay()) ? undefined : "there is no display";
  const { path, reason } = display === undefined ? findElectron() : { reason: display };
  if (path === undefined) {
    process.stderr.write(
      `Berth runs without its window, because ${reason}. Its pages are at this address:\n`,
    );
    serve([]);
    return;
  }
  const sandbox = whyNoSandbox(path);
  if (sandbox !== undefined)
    process.stderr.write(`Berth's pages run outside the sandbox, because ${sandbox}\n`);
  run(path, [...(sandbox === undefined ? [] : ["--no-sandbox"]), root, ...words]);
}

/** In the terminal's own group, so that it can ask for a password there; Ctrl-C then reaches it without our help. */
function serve(words) {
  run(process.execPath, [join(root, "out/main/serve.cjs"), ...words], { apart: false });
}

function run(path, words, { apart } = { apart: process.platform !== "win32" }) {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  // Node takes it at its start: pushes that wait for the disk would hold all of its four threads, and with them every pull.
  env.UV_THREADPOOL_SIZE ??= "16";
  // Apart, in a group of its own: a terminal's Ctrl-C would also end the processes that draw the window, while Berth drains.
  const child = spawn(path, words, { stdio: "inherit", env, detached: apart });
  process.on("SIGINT", () => apart && child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`Berth did not start: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Whether somebody is there to look; a variable alone may be left from a session that has ended. */
async function hasDisplay() {
  if (process.platform !== "linux" || process.env.WAYLAND_DISPLAY) return true;
  const display = process.env.DISPLAY;
  const local = /^(?:unix)?:(\d+)/.exec(display ?? "")?.[1];
  if (!display || local === undefined) return Boolean(display);
  const answers = await Promise.all(
    ["/tmp", "\0/tmp"].map((folder) => answersAt(`${folder}/.X11-unix/X${local}`)),
  );
  return answers.includes(true);
}

function answersAt(path) {
  return new Promise((done) => {
    const socket = connect({ path }, () => done(true) || socket.destroy());
    socket.on("error", () => done(false));
  });
}

/** Chromium's sandbox takes user namespaces or a helper that belongs to root; not every Linux has either. */
function whyNoSandbox(path) {
  if (process.platform !== "linux") return undefined;
  if (process.getuid() === 0) return "it was started by root";
  const helper = statSync(join(dirname(path), "chrome-sandbox"), { throwIfNoEntry: false });
  if (helper?.uid === 0 && (helper.mode & 0o4000) !== 0) return undefined;
  const allowed = setting("kernel/unprivileged_userns_clone") !== "0";
  const restricted = setting("kernel/apparmor_restrict_unprivileged_userns") === "1";
  return allowed && !restricted ? undefined : "this system allows it to root's programs only";
}

function setting(name) {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined;
  }
}
