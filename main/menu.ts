import { app, Menu, type MenuItemConstructorOptions } from "electron";

interface Deps {
  openWeb: () => void;
  reveal: () => void;
}

/** The application's menu. Reloading and the developer's tools are for those who build Berth. */
export function setMenu({ openWeb, reveal }: Deps): void {
  const isMac = process.platform === "darwin";
  const zoom: MenuItemConstructorOptions[] = [
    { role: "resetZoom" },
    { role: "zoomIn" },
    { role: "zoomOut" },
    { type: "separator" },
    { role: "togglefullscreen" },
  ];
  const development: MenuItemConstructorOptions[] = [
    { type: "separator" },
    { role: "reload" },
    { role: "toggleDevTools" },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: "appMenu" } as const] : []),
      {
        label: "&File",
        submenu: [
          { label: "Open in the browser", accelerator: "CmdOrCtrl+Shift+B", click: openWeb },
          { label: "Show the data folder", accelerator: "CmdOrCtrl+Shift+D", click: reveal },
          { type: "separator" },
          { role: "close", accelerator: "CmdOrCtrl+W" },
          ...(isMac ? [] : [{ role: "quit", accelerator: "CmdOrCtrl+Q" } as const]),
        ],
      },
      { role: "editMenu" },
      { label: "&View", submenu: app.isPackaged ? zoom : [...zoom, ...development] },
    ]),
  );
}
