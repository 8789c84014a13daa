import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { _electron, type ElectronApplication, type Page } from "@playwright/test";
import { locate } from "../parts.ts";
import type { Desk } from "./desk.ts";

export const root = join(import.meta.dirname, "../..");
export const password = "Harbor-12345";

/** Berth as a person started it, and a hand on its window. */
export interface Application {
  electron: ElectronApplication;
  page: Page;
  /** Milliseconds from the start of the program to a window that shows something. */
  opened: number;
  /** What it wrote on the terminal so far. */
  output(): string;
  /** What the page's policy refused since its start; a page of ours asks for nothing that it may not. */
  violations: string[];
  /** Resolves with the exit status when the process is gone. */
  ended: Promise<number | null>;
}

interface Options {
  words?: string[];
  /** A packed application; absent runs the build in `out/`. */
  program?: string | undefined;
}

/** Starts Berth at that desk and waits for its window. Settings are those of the desk's home. */
export async function startApplication(
  desk: Desk,
  { program, words = [] }: Options = {},
): Promise<Application> {
  const began = performance.now();
  // The machine's owner may be root, and the runtime of tests has no other protection for that.
  const switches = ["--no-sandbox", "--disable-gpu"];
  const electron = await launch({
    executablePath: program ?? locate("electron"),
    args: [...switches, ...(program === undefined ? ["-r", holdUntilAttached, root] : []), ...words],
    env: desk.env as Record<string, string>,
    timeout: 30_000,
  });
  const child = electron.process();
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | null>((done) => child.once("exit", done));

  const page = await electron.firstWindow();
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text()))
      violations.push(message.text());
  });
  await page.waitForSelector("#app > *");
  return { electron, page, violations, opened: performance.now() - began, output: () => output, ended };
}

/**
 * The driver's own part in the application: Electron is not ready before the driver is. It is loaded where the driver
 * brings its Electron itself, and must be asked for where it is brought here.
 */
const holdUntilAttached = join(root, "node_modules/playwright-core/lib/server/electron/loader.js");

/** A packed application loads no such part; if its page comes while the driver attaches, that waits for it for ever. */
async function launch(options: Parameters<typeof _electron.launch>[0]): Promise<ElectronApplication> {
  return _electron.launch(options).catch(() => _electron.launch(options));
}

/** Writes what the settings page would have: which port, above all, as the usual one may be in use here. */
export async function chooseSettings(desk: Desk, settings: Record<string, unknown>): Promise<void> {
  const folder = userData(desk);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "settings.json"), JSON.stringify(settings));
}

export function userData(desk: Desk): string {
  return join(desk.home, ".config/Berth");
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** The first start, up to the page that a new administrator sees. */
export async function begin(page: Page): Promise<void> {
  await page.getByTestId("first-password").fill(password);
  await page.getByTestId("first-password-repeat").fill(password);
  await page.getByTestId("first-begin").click();
  await page.getByTestId("first-leave").click();
}

/** Presses the close button of the window's frame. */
export async function closeWindow(electron: ElectronApplication): Promise<void> {
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
}

export function isVisible(electron: ElectronApplication): Promise<boolean> {
  return electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some((window) => window.isVisible()),
  );
}

/** Calls as the page does. */
export function call(page: Page, name: string, input?: unknown): Promise<Answer> {
  return page.evaluate(([name, input]) => (window as unknown as { berth: Bridge }).berth.call(name, input), [
    name,
    input,
  ] as const);
}

interface Answer {
  value?: unknown;
  error?: { code: string; message: string };
}

interface Bridge {
  call(name: string, input: unknown): Promise<Answer>;
}
