import { execFile } from "node:child_process";

/** Both ask the session's bus whether anyone shows tray icons; a desktop has one of them. */
const questions = [
  [
    "gdbus",
    "call",
    "--session",
    "--dest=org.freedesktop.DBus",
    "--object-path=/org/freedesktop/DBus",
    "--method=org.freedesktop.DBus.NameHasOwner",
    "org.kde.StatusNotifierWatcher",
  ],
  [
    "dbus-send",
    "--session",
    "--print-reply",
    "--dest=org.freedesktop.DBus",
    "/org/freedesktop/DBus",
    "org.freedesktop.DBus.NameHasOwner",
    "string:org.kde.StatusNotifierWatcher",
  ],
] as const;

/**
 * Whether this desktop shows tray icons. Some do not (GNOME without an extension), and Electron does not say
 * so: a window that hides there could not be brought back.
 */
export async function hasTrayHost(): Promise<boolean> {
  if (process.platform !== "linux") return true;
  for (const [program, ...args] of questions) {
    const answer = await ask(program, args);
    if (answer !== undefined) return answer.includes("true");
  }
  return false;
}

function ask(program: string, args: string[]): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(program, args, { timeout: 2_000 }, (error, stdout) => done(error ? undefined : stdout));
  });
}
