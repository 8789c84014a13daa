import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { startBerth } from "../harness.ts";
import { locate, missing } from "../parts.ts";
import {
  begin,
  call,
  chooseSettings,
  closeWindow,
  freePort,
  isVisible,
  root,
  startApplication,
  userData,
  type Application,
} from "./application.ts";
import { deskParts, openDesk, type Desk } from "./desk.ts";
import { shots } from "./pictures.ts";

const absent = missing(deskParts);
test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

let desk: Desk;
let berth: Application | undefined;

test.beforeEach(async () => {
  desk = await openDesk({ keychain: false });
  await chooseSettings(desk, { port: await freePort() });
});

test.afterEach(async () => {
  await berth?.electron.close().catch(() => undefined);
  berth = undefined;
  await desk.close();
});

test("says that its port is taken, offers the next free one, and runs there", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  await chooseSettings(desk, { port });

  berth = await startApplication(desk);
  const line = berth.page.getByTestId("status-line");
  await expect(line).toContainText(`port ${port} is taken by another program`);
  expect(await desk.tray.menu()).toMatchObject({
    tooltip: `Berth: Not running: port ${port} is taken by another program`,
  });
  await shots(berth.page, "port-taken");

  await berth.page.getByTestId("use-free-port").click();
  await expect(line).toHaveCount(0);
  const { value } = await call(berth.page, "desktop.state");
  const { address, running } = value as { address: string; running: boolean };
  expect(running).toBe(true);
  expect(address).not.toBe(`localhost:${port}`);
  expect((await fetch(`http://${address}/v2/`)).status).toBe(401);
  expect(JSON.parse(await readFile(join(userData(desk), "settings.json"), "utf8"))).toMatchObject({
    port: Number(address.split(":")[1]),
  });
  other.close();
});

test("says who has its data folder, and takes it over once it is free", async () => {
  const dataDir = join(userData(desk), "registry");
  await mkdir(dataDir, { recursive: true });
  const headless = await startBerth({ dataDir });
  berth = await startApplication(desk);
  await expect(berth.page.getByTestId("status-line")).toContainText(dataDir);
  await headless.close();
  await call(berth.page, "desktop.configure", { port: await freePort() });
  await expect
    .poll(async () => (await call(berth?.page ?? fail(), "desktop.state")).value)
    .toMatchObject({ running: true });
});

test("keeps secrets in a file of its own where there is no keychain, and tells so", async () => {
  berth = await startApplication(desk);
  await begin(berth.page);
  const { value } = await call(berth.page, "desktop.state");
  expect(Object(value)).toHaveProperty("secret_store", expect.stringContaining("file"));
  expect((await stat(join(userData(desk), "secrets.json"))).mode & 0o777).toBe(0o600);

  await berth.electron.close();
  berth = await startApplication(desk);
  await expect(berth.page.getByTestId("user-menu").first()).toBeVisible();
});

test("brings its window forward when it is started a second time", async () => {
  berth = await startApplication(desk);
  await berth.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
  const second = spawn(locate("electron"), ["--no-sandbox", "--disable-gpu", root], {
    env: desk.env,
    stdio: "pipe",
  });
  let said = "";
  second.stdout.on("data", (text: Buffer) => (said += text.toString()));
  const [code] = (await once(second, "exit")) as [number];
  expect(code).toBe(0);
  expect(said).toContain("Berth is running already");
  await expect.poll(() => isVisible(berth?.electron ?? fail())).toBe(true);
});

test("starts with the session when wished, without its window", async () => {
  berth = await startApplication(desk);
  await call(berth.page, "desktop.configure", { start_at_login: true });
  const entry = await readFile(join(desk.home, ".config/autostart/berth.desktop"), "utf8");
  const command = /^Exec=(.*)$/m.exec(entry)?.[1] ?? "";
  expect(command).toMatch(/ --hidden$/);
  await berth.electron.close();
  berth = undefined;

  // As root it has no sandbox, here as in every start of these tests.
  const words = [...command.matchAll(/"([^"]+)"/g)].map(([, word]) => word ?? "");
  const [program = "", ...rest] = words;
  const started = spawn(program, ["--no-sandbox", "--disable-gpu", ...rest, "--hidden"], {
    env: desk.env,
    stdio: "ignore",
  });
  const { port } = JSON.parse(await readFile(join(userData(desk), "settings.json"), "utf8")) as {
    port: number;
  };
  const answers = (): Promise<number> =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(answers).toBe(401);
  await desk.tray.press("Quit Berth");
  const [code] = (await once(started, "exit")) as [number];
  expect(code).toBe(0);
});

test("asks before it goes where no tray could bring it back", async () => {
  await desk.close();
  desk = await openDesk({ keychain: false, panel: false });
  await chooseSettings(desk, { port: await freePort() });
  berth = await startApplication(desk);
  const { value } = await call(berth.page, "desktop.state");
  await closeWindow(berth.electron);
  await berth.page.waitForTimeout(1_000);
  expect(await isVisible(berth.electron)).toBe(true);
  const { address } = value as { address: string };
  expect((await fetch(`http://${address}/v2/`)).status).toBe(401);
});

test("ends in good order when it is told to by a signal", async () => {
  berth = await startApplication(desk);
  const child = berth.electron.process();
  await call(berth.page, "desktop.state");
  child.kill("SIGTERM");
  expect(await berth.ended).toBe(0);
  const log = await readFile(join(userData(desk), "logs/berth.log"), "utf8");
  expect(log).toContain('"stopped"');
});

test("survives settings that are no settings", async () => {
  await chooseSettings(desk, { port: "http", listen: 7, close_to_tray: "no" });
  berth = await startApplication(desk);
  const { value } = await call(berth.page, "desktop.state");
  expect(value).toMatchObject({ settings: { port: 5100, listen: "local", close_to_tray: true } });
});

test("draws its page anew when the process that drew it dies", async () => {
  berth = await startApplication(desk);
  await berth.electron.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
  });
  await expect
    .poll(() =>
      berth?.electron.evaluate(({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        return contents?.isCrashed() === false && !contents.isLoading();
      }),
    )
    .toBe(true);
});

function fail(): never {
  throw new Error("Berth was not started");
}
