import { readFileSync } from "node:fs";
import { join } from "node:path";
import { app, BrowserWindow, nativeTheme, screen, type Rectangle, type WebPreferences } from "electron";
import { pageUrl } from "./protocol.ts";
import { writeWhole } from "./write.ts";

/** What every window has: the page is shown what it asks for by `call`, and has no other way out. */
const webPreferences: Readonly<WebPreferences> = Object.freeze({
  preload: join(app.getAppPath(), "out/preload/preload.cjs"),
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  webviewTag: false,
  navigateOnDragDrop: false,
  safeDialogs: true,
  spellcheck: false,
  devTools: !app.isPackaged,
});

interface Options {
  /** The page that it opens at: `/projects`. */
  path: string;
  /** Where the window's place is remembered. */
  memory: string;
  /** Whether it may go; otherwise it is up to the asked to hide it. */
  mayClose: () => boolean;
}

/** The one window, at the place where it was. It appears when its page has something to show. */
export function createWindow({ path, memory, mayClose }: Options): BrowserWindow {
  const place = remembered(memory);
  const window = new BrowserWindow({
    width: 1180,
    height: 760,
    ...place?.bounds,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: "Berth",
    icon: join(app.getAppPath(), "main/resources/icon.png"),
    autoHideMenuBar: true,
    // Until the page paints: no white flash in a dark room.
    backgroundColor: nativeTheme.shouldUseDarkColors ? "#11161d" : "#f4f6f8",
    webPreferences,
  });
  if (place?.maximized) window.maximize();

  window.on("close", (event) => {
    const now: Place = { bounds: window.getNormalBounds(), maximized: window.isMaximized() };
    writeWhole(memory, JSON.stringify(now));
    if (!mayClose()) event.preventDefault();
  });
  let lastReload = 0;
  window.webContents.on("render-process-gone", (_, { reason }) => {
    // One that dies again at once would be reloaded for ever.
    if (reason === "clean-exit" || Date.now() - lastReload < 10_000) return;
    lastReload = Date.now();
    // Not at once: a reload while Electron still buries the process may be lost.
    setTimeout(() => window.isDestroyed() || window.webContents.reload(), 200);
  });
  void window.loadURL(urlOf(path));
  return window;
}

/** Shows another page in a window that is there. */
export function turnTo(window: BrowserWindow, path: string): void {
  // A load that a next one cuts short is no failure.
  window.loadURL(urlOf(path)).catch(() => undefined);
}

function urlOf(path: string): string {
  return new URL(path, pageUrl).href;
}

export function bringForward(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

interface Place {
  bounds: Rectangle;
  maximized: boolean;
}

/** `undefined` when nothing is kept, or it lies on a screen that is no longer there. */
function remembered(memory: string): Place | undefined {
  try {
    const place = JSON.parse(readFileSync(memory, "utf8")) as Place;
    const { x, y, width, height } = place.bounds;
    const seen = screen.getDisplayMatching(place.bounds).workArea;
    const isSeen =
      x < seen.x + seen.width && y < seen.y + seen.height && x + width > seen.x && y + height > seen.y;
    return isSeen ? place : undefined;
  } catch {
    return undefined;
  }
}
