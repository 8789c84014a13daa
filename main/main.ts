import "./compat.ts";
import { chmodSync, mkdirSync } from "node:fs";
import { url as inspectorUrl } from "node:inspector";
import { join } from "node:path";
import { app, session as electronSession, type BrowserWindow } from "electron";
import type { RegistryEvent } from "../registry/contract/event.ts";
import { openLog } from "../registry/log.ts";
import { createArchives } from "./archives.ts";
import { hiddenSwitch, isStartAtLogin } from "./autostart.ts";
import { createClientsHere } from "./clients.ts";
import { createClosing } from "./closing.ts";
import { createDesktop } from "./desktop.ts";
import { createHost, type Log } from "./host.ts";
import { answerCalls, forward } from "./ipc.ts";
import { createSecrets } from "./keychain.ts";
import { lockDown, lockSession } from "./lockdown.ts";
import { setMenu } from "./menu.ts";
import { declareScheme, serveScheme } from "./protocol.ts";
import { createQuit } from "./quit.ts";
import { createSession } from "./session.ts";
import { openSettings } from "./settings.ts";
import { createTray } from "./tray.ts";
import { createTrayReplication } from "./tray-replication.ts";
import { watchWaking } from "./waking.ts";
import { bringForward, createWindow, turnTo } from "./window.ts";

// Started without the sandbox (as root on Linux), its children would lose that switch and die.
if (!app.commandLine.hasSwitch("no-sandbox")) app.enableSandbox();
// A package's fuse forbids `--inspect`; then nobody attaches to its pages either.
if (app.isPackaged && inspectorUrl() === undefined) {
  for (const name of ["remote-debugging-port", "remote-debugging-pipe"]) app.commandLine.removeSwitch(name);
}
declareScheme();
lockDown();
const quit = createQuit();

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(run);
} else {
  process.stdout.write("Berth is running already: its window comes forward\n");
  app.quit();
}

function run(): void {
  const folder = app.getPath("userData");
  const at = (name: string): string => join(folder, name);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);

  const file = openLog(at("logs/berth.log"));
  const log: Log = (line) => file.log(line);
  const version = app.getVersion();
  const pages = join(app.getAppPath(), "out/renderer");
  const settings = openSettings(at("settings.json"), {
    data_dir: at("registry"),
    port: 5100,
    tls_port: 5143,
    tls: true,
    listen: "local",
    start_at_login: false,
    close_to_tray: true,
  });
  const secrets = createSecrets(folder);

  let window: BrowserWindow | undefined;
  const page = (): Electron.WebContents | undefined =>
    window?.isDestroyed() ? undefined : window?.webContents;

  const session = createSession({
    secrets,
    log,
    ended: () => forward({ name: "session.ended", at: new Date().toISOString() }, page()),
    changed: () => replication.look(),
  });
  const host = createHost({
    settings,
    secrets,
    session,
    config: { pages, version },
    log,
    changed() {
      tray.update(host.state());
      replication.look();
    },
    heard(event: RegistryEvent) {
      if (/^artifact\.pu/.test(event.name)) tray.pulse();
      replication.heard(event);
      forward(event, page());
    },
  });
  const clients = createClientsHere({ host, dataDir: () => settings.get().data_dir });
  const archives = createArchives({
    host,
    session,
    window: () => window,
    moved: (bytes, total_bytes) =>
      forward({ name: "archive.moved", at: new Date().toISOString(), bytes, total_bytes }, page()),
  });
  const desktop = createDesktop({
    host,
    settings,
    secrets,
    clients,
    window: () => window,
    archives,
    version,
  });
  const close = createClosing({ settings, address: () => host.state().address, told: at("told-of-tray") });
  const replication = createTrayReplication({
    host,
    session,
    changed: (standing) => tray.replication(standing),
    show: (path) => open(path),
    log,
  });
  const tray = createTray({
    state: host.state(),
    deeds: { ...replication, open: () => open(), show: (path) => open(path), quit: () => app.quit() },
  });
  const rest = watchWaking(
    () =>
      void host.registry().then(
        (registry) => registry.wake(),
        () => undefined,
      ),
  );

  /** Without a path, a window that is there stays at its page. */
  function open(path?: string): void {
    if (window !== undefined && !window.isDestroyed()) {
      if (path !== undefined) turnTo(window, path);
      bringForward(window);
      return;
    }
    const fresh = createWindow({ path: path ?? "/", memory: at("window.json"), mayClose: quit.isUnderWay });
    window = fresh;
    fresh.once("ready-to-show", () => fresh.show());
    // A page that cannot be drawn says so better than a window that does not come.
    fresh.webContents.once("did-fail-load", () => fresh.show());
    fresh.on("close", () => {
      if (!quit.isUnderWay()) void close(fresh);
    });
  }

  function ask(name: string): void {
    desktop
      .call(name, {})
      .catch((error: unknown) => log({ level: "warn", message: `${name}: ${String(error)}` }));
  }

  app.setAppUserModelId("invalid.example.berth");
  lockSession(electronSession.defaultSession);
  serveScheme(electronSession.defaultSession, pages);
  answerCalls({ host, session, desktop, page, log });
  setMenu({ openWeb: () => ask("desktop.openWeb"), reveal: () => ask("desktop.reveal") });
  quit.drainBy(async () => {
    if (window?.isDestroyed() === false) window.hide();
    rest();
    replication.close();
    await host.stop();
    tray.close();
  });
  void host.start().then(() => {
    if (desktop.hasAnsweredEarly()) page()?.reload();
  });
  if (!isStartAtLogin()) open();

  app.on("second-instance", (_, argv) => {
    if (!argv.includes(hiddenSwitch)) open();
  });
  app.on("activate", () => open());
  // The registry goes on without a window; the tray ends it.
  app.on("window-all-closed", () => undefined);
  app.on("child-process-gone", (_, { type, reason }) =>
    log({ level: "warn", message: `${type} process: ${reason}` }),
  );

  process.on("unhandledRejection", (reason) =>
    log({ level: "error", message: "unhandled", reason: String(reason) }),
  );
  process.on("uncaughtException", (error) => {
    log({ level: "error", message: "uncaught", stack: error.stack });
    // Nobody knows what state it is in. At once after a start it would only fail again.
    if (process.uptime() > 60) app.relaunch();
    app.exit(1);
  });
}
