import { join } from "node:path";
import { app, clipboard, Menu, nativeImage, nativeTheme, Tray } from "electron";
import type { HostState } from "./host.ts";
import { lineOf, menuOf, moodOf, replicationLine, type TrayDeeds } from "./tray-menu.ts";
import type { Standing } from "./tray-standing.ts";

/** The icon among the others of the desktop, and its menu. */
export interface TrayIcon {
  update(state: HostState): void;
  /** How replication stands; `undefined` shows nothing of it. */
  replication(standing: Standing | undefined): void;
  /** Something was pushed or pulled just now. */
  pulse(): void;
  close(): void;
}

interface Deps {
  state: HostState;
  deeds: Omit<TrayDeeds, "copyAddress">;
}

/** How long the icon says that something moves, in milliseconds. */
const pulseTime = 3_000;

/** Made from what is in memory, so that it opens at once whatever the registry does. */
export function createTray({ state: first, deeds }: Deps): TrayIcon {
  let state = first;
  let standing: Standing | undefined;
  let pulsing: NodeJS.Timeout | undefined;
  /** What the menu says now; empty when a click has changed it by itself. */
  let shown = "";
  const tray = new Tray(image());

  function image(): Electron.NativeImage {
    const mood = moodOf(state, standing, pulsing !== undefined);
    const look = nativeTheme.shouldUseDarkColors ? "-dark" : "-light";
    const name = `tray-${mood}${process.platform === "darwin" ? "Template" : look}.png`;
    return nativeImage.createFromPath(join(app.getAppPath(), "main/resources", name));
  }

  function show(): void {
    const busy = standing && (standing.rules.length > 0 || standing.paused);
    const lines = [lineOf(state), ...(standing && busy ? [replicationLine(standing)] : [])];
    tray.setImage(image());
    tray.setToolTip(`Berth: ${lines.join(" · ")}`);
    const menu = menuOf(state, standing, {
      ...deeds,
      copyAddress: () => void clipboard.writeText(state.address),
      enable(rule, enabled) {
        shown = "";
        deeds.enable(rule, enabled);
      },
    });
    // A menu that is set anew while somebody has it open may close: so only when it says something else.
    const text = JSON.stringify(menu);
    if (text === shown) return;
    shown = text;
    // Linux shows a changed menu only when it is set anew.
    tray.setContextMenu(Menu.buildFromTemplate(menu));
  }

  function retouch(): void {
    tray.setImage(image());
  }

  tray.on("click", deeds.open);
  nativeTheme.on("updated", retouch);
  show();

  return {
    update(next) {
      state = next;
      show();
    },
    replication(next) {
      standing = next;
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
