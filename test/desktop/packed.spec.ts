import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { expect, test } from "@playwright/test";
import { missing } from "../parts.ts";
import { chooseSettings, freePort } from "./application.ts";
import { deskParts, openDesk } from "./desk.ts";
import { firstHour } from "./first-hour.ts";
import { archived, drivableCopy, fusesOf, packOnce, unpacked } from "./package.ts";

const absent = missing(deskParts);
test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

const program = join(unpacked, "berth");

test.beforeAll(() => {
  test.setTimeout(300_000);
  packOnce();
});

test("33: its fuses leave no way to run other code by it", () => {
  expect(fusesOf(program)).toMatchObject({
    RunAsNode: false,
    EnableCookieEncryption: true,
    EnableNodeOptionsEnvironmentVariable: false,
    EnableNodeCliInspectArguments: false,
    EnableEmbeddedAsarIntegrityValidation: true,
    OnlyLoadAppFromAsar: true,
    LoadBrowserProcessSpecificV8Snapshot: false,
  });
});

test("16, 33: no variable, switch or signal makes it run as Node or opens an inspector", async () => {
  const desk = await openDesk({ keychain: false });
  try {
    const [port, inspector, debugging] = await Promise.all([freePort(), freePort(), freePort()]);
    await chooseSettings(desk, { port });
    const switches = [`--inspect=127.0.0.1:${inspector}`, `--remote-debugging-port=${debugging}`];
    const env = { ...desk.env, ELECTRON_RUN_AS_NODE: "1", NODE_OPTIONS: "--require /nowhere.js" };
    const berth = spawn(program, ["--no-sandbox", "--disable-gpu", ...switches], { env, stdio: "ignore" });
    await expect
      .poll(async () => (await desk.tray.menu()).tooltip)
      .toBe(`Berth: Running on localhost:${port}`);
    expect(await Promise.all([inspector, debugging].map(isOpen))).toEqual([false, false]);
    const ended = once(berth, "exit");
    // Node would start an inspector; what does not, ends by it, as any program does that expects no such signal.
    berth.kill("SIGUSR1");
    await ended;
    expect(await isOpen(9229)).toBe(false);
  } finally {
    await desk.close();
  }
});

test("36: holds what runs and nothing else", () => {
  const files = archived();
  expect(files).toContain("/out/main/main.cjs");
  expect(files).toContain("/out/renderer/index.html");
  const foreign = files.filter(
    (name) =>
      !/^\/(out\/(main|preload|renderer)|main\/resources|node_modules\/keytar)\/|^\/package\.json$/.test(
        name,
      ),
  );
  expect(foreign).toEqual([]);
  expect(files.filter((name) => /\.(map|ts|vue|env|pem|key)$|\.(test|spec)\./.test(name))).toEqual([]);
});

let copy: string | undefined;

firstHour("the first hour with the packed application", async () => (copy = await drivableCopy()));

test.afterAll(() => {
  if (copy !== undefined) rmSync(dirname(copy), { recursive: true, force: true });
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(true));
    socket.on("error", () => done(false));
    socket.on("connect", () => socket.destroy());
  });
}
