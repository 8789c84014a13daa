import { existsSync } from "node:fs";
import { app, dialog, Notification, type BrowserWindow } from "electron";
import type { Settings } from "./settings.ts";
import { hasTrayHost } from "./tray-host.ts";
import { writeWhole } from "./write.ts";

interface Deps {
  settings: Settings;
  address: () => string;
  /** The file whose being there says that the person was told once. */
  told: string;
}

/** What the close button does: hide to the tray if there is one, else ask, because the registry would end. */
export function createClosing({ settings, address, told }: Deps): (window: BrowserWindow) => Promise<void> {
  function tellOnce(): void {
    if (existsSync(told) || !Notification.isSupported()) return;
    const body = `Images can still be pushed to ${address()}. Open or quit Berth from its icon in the tray.`;
    new Notification({ title: "Berth keeps running", body }).show();
    writeWhole(told, "");
  }

  async function isSure(window: BrowserWindow): Promise<boolean> {
    const { response } = await dialog.showMessageBox(window, {
      type: "question",
      message: "Quit Berth?",
      detail: `The registry stops, and docker no longer reaches ${address()}.`,
      buttons: ["Quit", "Keep running"],
      defaultId: 1,
      cancelId: 1,
    });
    return response === 0;
  }

  return async (window) => {
    if (settings.get().close_to_tray && (await hasTrayHost())) {
      window.hide();
      tellOnce();
    } else if (await isSure(window)) {
      app.quit();
    }
  };
}
