import { ipcMain, type IpcMainInvokeEvent, type WebContents } from "electron";
import { Fault, toFault, type FaultBody } from "../registry/contract/fault.ts";
import type { RegistryEvent } from "../registry/contract/event.ts";
import type { Desktop } from "./desktop.ts";
import type { Host, Log } from "./host.ts";
import { parseInput } from "./plain.ts";
import { isOurs } from "./protocol.ts";
import type { Session } from "./session.ts";

interface Deps {
  host: Host;
  session: Session;
  desktop: Desktop;
  /** The page that may ask; there is one window. */
  page: () => WebContents | undefined;
  log: Log;
}

/** Errors are values: what Electron makes of one that is thrown has lost its code. */
type Answer = { value: unknown } | { error: FaultBody };

/** Answers `call` for our own page, and nobody else. */
export function answerCalls({ host, session, desktop, page, log }: Deps): void {
  ipcMain.handle("call", async (event, name: unknown, text: unknown, dropped: unknown): Promise<Answer> => {
    try {
      assertOurPage(event, page());
      if (typeof name !== "string" || name.length > 100)
        throw new Fault("BAD_REQUEST", "an operation has a name");
      return { value: await run(name, parseInput(text), typeof dropped === "string" ? dropped : undefined) };
    } catch (error) {
      const fault = toFault(error);
      if (fault !== error) log({ level: "error", message: `${String(name)} failed`, stack: stackOf(error) });
      return { error: fault.toJSON() };
    }
  });

  async function run(name: string, input: unknown, dropped: string | undefined): Promise<unknown> {
    if (name.startsWith("desktop.")) return desktop.call(name, input, dropped);
    const registry = await host.registry();
    return registry.call(name, input, await session.callerOf(registry));
  }
}

/** Tells the page what happened. */
export function forward(event: RegistryEvent, page: WebContents | undefined): void {
  if (page !== undefined && !page.isDestroyed() && isOurs(page.getURL())) page.send("event", event);
}

/** The main frame of our window, showing a page of ours. Throws `DENIED`. */
function assertOurPage(event: IpcMainInvokeEvent, page: WebContents | undefined): void {
  const frame = event.senderFrame;
  // Not compared as objects: an older Electron makes a new one at each look.
  const isMain = frame?.parent === null && frame.routingId === page?.mainFrame.routingId;
  if (page === undefined || event.sender.id !== page.id || !isMain || !isOurs(frame.url))
    throw new Fault("DENIED", "only Berth's own page may ask");
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
