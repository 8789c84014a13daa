import { app } from "electron";

/** The way out: by menu, tray, signal or the end of the person's session, there is one. */
export interface Quit {
  isUnderWay(): boolean;
  /** Runs before the program ends, and is waited for. */
  drainBy(drain: () => Promise<void>): void;
}

/** Must be made before Electron is ready: a wish to end that comes while it starts is kept till then. */
export function createQuit(): Quit {
  let isUnderWay = false;
  let isDrained = false;
  let drain: (() => Promise<void>) | undefined;

  app.on("before-quit", (event) => {
    const isFirst = !isUnderWay;
    isUnderWay = true;
    if (isDrained || drain === undefined) return;
    event.preventDefault();
    if (isFirst) void leave(drain);
  });

  async function leave(work: () => Promise<void>): Promise<void> {
    await work();
    isDrained = true;
    app.quit();
  }

  return {
    isUnderWay: () => isUnderWay,
    drainBy(work) {
      if (isUnderWay) {
        app.exit(0);
        return;
      }
      drain = work;
      // Electron hears these too, but before its first window it forgets them.
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => app.quit());
    },
  };
}
