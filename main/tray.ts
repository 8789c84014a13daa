import { join } from "node:path";
import { app, clipboard, Menu, nativeImage, nativeTheme, Tray } from "electron";
import type { HostState } from "./host.ts";

/** The icon among the others of the desktop, and its menu. */
export interface TrayIcon {
  update(state: HostState): void;
  /** Something was pushed or pulled just now. */
  pulse(): void;
  close(): void;
}

interface Deps {
  state: HostState;
  open: () => void;
  quit: () => void;
}

/** How long the icon says that something moves, in milliseconds. */
const pulseTime = 3_000;

/** Made from what is in memory, so that it opens at once whatever the registry does. */
export function createTray({ state: first, open, quit }: Deps): TrayIcon {
  let state = first;
  let pulsing: NodeJS.Timeout | undefined;
  const tray = new Tray(image());

  function image(): Electron.NativeImage {
    const mood = moodOf(state, pulsing !== undefined);
    const look = nativeTheme.shouldUseDarkColors ? "-dark" : "-light";
    const name = `tray-${mood}${process.platform === "darwin" ? "Template" : look}.png`;
    return nativeImage.createFromPath(join(app.getAppPath(), "main/resources", name));
  }

  function show(): void {
    tray.setImage(image());
    tray.setToolTip(`Berth: ${lineOf(state)}`);
    // Linux shows a changed menu only when it is set anew.
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: lineOf(state), enabled: false },
        { type: "separator" },
        { label: "Open Berth", click: open },
        { label: "Copy registry address", click: () => void clipboard.writeText(state.address) },
        { type: "separator" },
        { label: "Quit Berth", click: quit },
      ]),
    );
  }

  function retouch(): void {
    tray.setImage(image());
  }

  tray.on("click", open);
  nativeTheme.on("updated", retouch);
  show();

  return {
    update(next) {
      state = next;
      show();
    },
    pulse() {
      clearTimeout(pulsing);
      pulsing = setTimeout(() => {
        pulsing = undefined;
        retouch();
      }, pulseTime);
      retouch();
    },
    close() {
      clearTimeout(pulsing);
      nativeTheme.off("updated", retouch);
      tray.destroy();
    },
  };
}

function moodOf(state: HostState, moving: boolean): "idle" | "active" | "paused" | "error" {
  if (state.trouble !== undefined) return "error";
  if (!state.running) return "paused";
  return moving ? "active" : "idle";
}

function lineOf({ running, trouble, address }: HostState): string {
  if (trouble !== undefined) return `Not running: ${trouble}`;
  return running ? `Running on ${address}` : "Starting";
}
