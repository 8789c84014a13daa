import { net, powerMonitor } from "electron";

/** How often it is looked whether there is a network, in milliseconds. Electron tells nobody but the page. */
const look = 5_000;

/** Calls `woke` when the computer wakes up, is unlocked, or has a network again. Returns how to end it. */
export function watchWaking(woke: () => void): () => void {
  let online = net.isOnline();
  const watch = setInterval(() => {
    const now = net.isOnline();
    if (now && !online) woke();
    online = now;
  }, look);
  powerMonitor.on("resume", woke);
  powerMonitor.on("unlock-screen", woke);
  return () => {
    clearInterval(watch);
    powerMonitor.off("resume", woke);
    powerMonitor.off("unlock-screen", woke);
  };
}
