import { basename, join } from "node:path";
import { app, dialog, type BrowserWindow } from "electron";

/** What the page proposes is a name, whatever it says: where it goes is the person's choice alone. */
export async function askForFile(
  window: BrowserWindow | undefined,
  name: string,
): Promise<string | undefined> {
  const options = { defaultPath: join(app.getPath("downloads"), basename(name)) };
  const { canceled, filePath } = window
    ? await dialog.showSaveDialog(window, options)
    : await dialog.showSaveDialog(options);
  return canceled || filePath === "" ? undefined : filePath;
}
