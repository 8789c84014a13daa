import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { locate, type PartName } from "../parts.ts";

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

  /** Starts a program and waits for its first line. */
  async function start(program: string, args: string[], input = ""): Promise<[Program, Interface, string]> {
    const child: Program = spawn(program, args, { env, stdio: ["pipe", "pipe", "ignore"] });
    started.push(child);
    if (input !== "") child.stdin.end(input);
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
  const address = `--address=unix:path=${runtime}/bus`;
  await start("dbus-daemon", ["--session", "--nofork", "--nopidfile", "--print-address=1", address]);
  if (keychain) {
    const daemon = locate("gnome-keyring");
    await start(daemon, ["--foreground", "--unlock", "--components=secrets"], "desk\n");
  }
  const host = panel
    ? await start(locate("python3-dbus"), [join(import.meta.dirname, "tray-host.py")])
    : undefined;

  function ask(words: string): Promise<TrayMenu & { pressed?: boolean }> {
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
      menu: () => ask("menu"),
      async press(label) {
        const { pressed } = await ask(`press ${label}`);
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(killer);
}
