import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { locate, run as ask, type PartName } from "../parts.ts";

/** What a suite with a desk needs on this machine. */
export const deskParts: readonly PartName[] = [
  "electron",
  "xvfb",
  "dbus-run-session",
  "gnome-keyring",
  "python3-dbus",
];

export interface TrayMenu {
  /** False while no application shows an icon. */
  there: boolean;
  tooltip: string;
  labels: string[];
  disabled: string[];
  /** Of inner menus, each after its outer entry: `Outer > Inner`. */
  inner: string[];
  checked: string[];
}

/** A person's desk: a screen, a session's bus, a keychain that is unlocked, a panel for tray icons, and a home. */
export interface Desk {
  env: NodeJS.ProcessEnv;
  home: string;
  tray: {
    menu(): Promise<TrayMenu>;
    press(label: string): Promise<void>;
  };
  close(): Promise<void>;
}

interface Wish {
  keychain?: boolean;
  panel?: boolean;
}

/** Sets up a desk with everything; `keychain: false` and `panel: false` leave those out, as some desktops do. */
export async function openDesk({ keychain = true, panel = true }: Wish = {}): Promise<Desk> {
  const home = await mkdtemp(join(tmpdir(), "berth-desk-"));
  const runtime = join(home, "run");
  await mkdir(runtime, { mode: 0o700 });
  const started: ChildProcess[] = [];
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    XDG_CONFIG_HOME: join(home, ".config"),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
  };

  function run(program: string, args: string[]): Program {
    const child: Program = spawn(program, args, { env, stdio: ["pipe", "pipe", "ignore"] });
    started.push(child);
    return child;
  }

  /** Starts a program and waits for its first line. */
  async function start(program: string, args: string[]): Promise<[Program, Interface, string]> {
    const child = run(program, args);
    const lines = createInterface({ input: child.stdout });
    const first = await new Promise<string>((done, fail) => {
      lines.once("line", done);
      child.once("error", fail);
      child.once("exit", (code) => fail(new Error(`${program} ended with ${String(code)}`)));
    });
    return [child, lines, first];
  }

  const [, , display] = await start("Xvfb", [
    "-displayfd",
    "1",
    "-screen",
    "0",
    "1400x900x24",
    "-nolisten",
    "tcp",
  ]);
  env["DISPLAY"] = `:${display}`;
  await writeFile(join(home, "bus.conf"), busConfig(runtime));
  await start("dbus-daemon", [
    `--config-file=${home}/bus.conf`,
    "--nofork",
    "--nopidfile",
    "--print-address=1",
  ]);
  if (keychain) {
    const daemon = run(locate("gnome-keyring"), ["--foreground", "--unlock", "--components=secrets"]);
    daemon.stdin.end("desk\n");
    await untilOnBus("org.freedesktop.secrets", env);
  }
  const host = panel
    ? await start(locate("python3-dbus"), [join(import.meta.dirname, "tray-host.py")])
    : undefined;

  function tell(words: string): Promise<TrayMenu & { pressed?: boolean }> {
    if (host === undefined) throw new Error("this desk has no panel");
    const [child, lines] = host;
    return new Promise((done) => {
      lines.once("line", (line) => done(JSON.parse(line) as TrayMenu));
      child.stdin.write(`${words}\n`);
    });
  }

  return {
    env,
    home,
    tray: {
      menu: () => tell("menu"),
      async press(label) {
        const { pressed } = await tell(`press ${label}`);
        if (!pressed) throw new Error(`the tray's menu has no ${label}`);
      },
    },
    async close() {
      for (const child of started.reverse()) await end(child);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Program = ChildProcessByStdio<Writable, Readable, null>;

/** A bus that starts nothing by itself: on a desk without a keychain nobody becomes one. */
function busConfig(folder: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
    "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
  <busconfig>
    <type>session</type>
    <listen>unix:path=${folder}/bus</listen>
    <policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
  </busconfig>`;
}

/** The daemon says nothing when it is ready; its name on the bus does. */
async function untilOnBus(name: string, env: NodeJS.ProcessEnv): Promise<void> {
  const question = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
  question.push("org.freedesktop.DBus.NameHasOwner", `string:${name}`);
  for (let tries = 0; tries < 100; tries += 1) {
    const { stdout } = await ask("dbus-send", question, { env });
    if (stdout.includes("true")) return;
    await sleep(100);
  }
  throw new Error(`nobody became ${name}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(killer);
}
