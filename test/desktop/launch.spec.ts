import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { expect, test } from "@playwright/test";
import { missing } from "../parts.ts";
import { chooseSettings, freePort, root } from "./application.ts";
import { deskParts, openDesk } from "./desk.ts";

const launcher = join(root, "main/launch.mjs");

test("serves without a window where there is no display, and says why and where", async () => {
  const home = await mkdtemp(join(tmpdir(), "berth-home-"));
  const port = await freePort();
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  const berth = start(["serve", "--data-dir", home, "--listen", `127.0.0.1:${port}`], env);
  expect(await berth.line("stdout")).toBe(`berth ready http://127.0.0.1:${port}`);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  expect(await page.text()).toContain('<div id="app">');
  berth.child.kill("SIGTERM");
  expect(await berth.ended).toEqual([0, null]);
  await rm(home, { recursive: true });
});

test("chooses by itself not to open a window where nobody could see it", async () => {
  const home = await mkdtemp(join(tmpdir(), "berth-home-"));
  const { WAYLAND_DISPLAY: _, ...env } = process.env;
  // A display that has ended is none, and the data folder of `serve` is in the home.
  const berth = start([], { ...env, DISPLAY: ":4711", HOME: home });
  expect(await berth.line("stderr")).toContain("because there is no display");
  const first = await Promise.race([berth.line("stdout"), berth.line("stderr")]);
  expect(first).toMatch(/^berth ready http:\/\/127\.0\.0\.1:5100$|port 5100 is taken/);
  berth.child.kill("SIGTERM");
  await berth.ended;
  await rm(home, { recursive: true });
});

test("passes options on, and the exit status back", () => {
  const help = run(["serve", "--help"]);
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining("--data-dir")]);
  expect(run(["serve", "--no-such-option"]).status).toBe(2);
});

test("opens the window where there is a display, and ends when it is told to", async () => {
  const absent = missing(deskParts);
  test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);
  const desk = await openDesk({ keychain: false });
  try {
    const port = await freePort();
    await chooseSettings(desk, { port });
    const berth = start(["--disable-gpu"], { ...process.env, ...desk.env, BERTH_PARTS: parts() });
    await expect
      .poll(async () => (await desk.tray.menu()).tooltip)
      .toBe(`Berth: Running on localhost:${port}`);
    berth.child.kill("SIGTERM");
    expect(await berth.ended).toEqual([0, null]);
    expect((await desk.tray.menu()).there).toBe(false);
  } finally {
    await desk.close();
  }
});

interface Started {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** The next line of that stream. */
  line(stream: "stdout" | "stderr"): Promise<string>;
  ended: Promise<unknown[]>;
}

function start(words: string[], env: NodeJS.ProcessEnv): Started {
  const child = spawn(process.execPath, [launcher, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines = { stdout: createInterface(child.stdout), stderr: createInterface(child.stderr) };
  return {
    child,
    line: (stream) => new Promise((done) => lines[stream].once("line", done)),
    ended: once(child, "exit"),
  };
}

function run(words: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [launcher, ...words], { encoding: "utf8" });
}

/** The home of a desk is an empty one; the runtime of tests is where it was. */
function parts(): string {
  return (
    process.env["BERTH_PARTS"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "", ".cache"), "berth-parts")
  );
}
