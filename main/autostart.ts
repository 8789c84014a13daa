import { mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { app } from "electron";
import { writeWhole } from "./write.ts";

/** Said by a start at login: the window stays closed, the registry runs. */
export const hiddenSwitch = "--hidden";

/** Starts Berth with the person's session, without its window, or does so no longer. */
export async function startAtLogin(wished: boolean): Promise<void> {
  if (process.platform !== "linux") {
    app.setLoginItemSettings({ openAtLogin: wished, args: [hiddenSwitch] });
    return;
  }
  // Electron knows no login items on Linux; every desktop there reads this folder.
  const folder = join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "autostart");
  const entry = join(folder, "berth.desktop");
  if (!wished) {
    await rm(entry, { force: true });
    return;
  }
  await mkdir(folder, { recursive: true });
  const lines = ["[Desktop Entry]", "Type=Application", "Name=Berth", `Exec=${command()}`, "Terminal=false"];
  writeWhole(entry, `${lines.join("\n")}\n`);
}

/** Whether this start is one with the person's session, on macOS too, where it has no arguments. */
export function isStartAtLogin(): boolean {
  return process.argv.includes(hiddenSwitch) || app.getLoginItemSettings().wasOpenedAtLogin;
}

function command(): string {
  // An AppImage runs from a folder that is gone at the next login.
  const program = process.env["APPIMAGE"] ?? process.execPath;
  const words = app.isPackaged ? [program] : [program, app.getAppPath()];
  return [...words.map(quoted), hiddenSwitch].join(" ");
}

/** As the Desktop Entry Specification quotes an argument of `Exec`. */
function quoted(word: string): string {
  return `"${word
    .replace(/[\\"`$]/g, "\\$&")
    .replaceAll("\\", "\\\\")
    .replaceAll("%", "%%")}"`;
}
