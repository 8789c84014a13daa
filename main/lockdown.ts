import { app, type Session, type WebContents } from "electron";
import { isOurs } from "./protocol.ts";

/** What no page may do, in any window: leave, open another, embed, download, or ask for a device. */
export function lockDown(): void {
  app.on("web-contents-created", (_, contents) => holdInPlace(contents));
}

function holdInPlace(contents: WebContents): void {
  const refuse = (event: Electron.Event<{ url: string }>): void => {
    if (!isOurs(event.url)) event.preventDefault();
  };
  contents.on("will-navigate", refuse);
  contents.on("will-redirect", refuse);
  contents.on("will-frame-navigate", refuse);
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}

/** Permissions, devices, downloads and the network of a session; the page needs our own scheme and nothing else. */
export function lockSession(session: Session): void {
  // The one thing that a page of ours asks for: to put a pull command on the clipboard.
  session.setPermissionRequestHandler((contents, permission, answer) =>
    answer(permission === "clipboard-sanitized-write" && isOurs(contents.getURL())),
  );
  session.setPermissionCheckHandler(
    (_, permission, origin) => permission === "clipboard-sanitized-write" && isOurs(origin),
  );
  session.setDevicePermissionHandler(() => false);
  // Answered without a stream, the request fails; Electron has no plainer way to say no.
  session.setDisplayMediaRequestHandler((_, answer) => answer({}));
  session.on("will-download", (event) => event.preventDefault());
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isLocal(details.url) }));
  session.setSpellCheckerEnabled(false);
}

function isLocal(url: string): boolean {
  return isOurs(url) || /^(data|devtools):/.test(url);
}
