import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dialog, shell, type BrowserWindow } from "electron";
import { desktop as operations, type DesktopState } from "../registry/contract/desktop.ts";
import { Fault } from "../registry/contract/fault.ts";
import type { Handlers } from "../registry/contract/operation.ts";
import type { SecretStore } from "../registry/config.ts";
import type { Archives } from "./archives.ts";
import { askForFile } from "./ask.ts";
import { startAtLogin } from "./autostart.ts";
import type { ClientsHere } from "./clients.ts";
import type { Host } from "./host.ts";
import type { Settings } from "./settings.ts";

/** What only the application on this machine can do. */
export interface Desktop {
  /** Runs a `desktop.*` operation of the contract; `dropped` is the path of a file that the person dropped. Throws `NOT_FOUND`, `BAD_REQUEST`, and what the operation throws. */
  call(name: string, input: unknown, dropped?: string): Promise<unknown>;
  /** The page was told of a registry that was still waiting for the keychain. */
  hasAnsweredEarly(): boolean;
}

interface Deps {
  host: Host;
  settings: Settings;
  secrets: () => Promise<SecretStore>;
  clients: ClientsHere;
  window: () => BrowserWindow | undefined;
  archives: Archives;
  version: string;
}

/** Where the file is that the person dropped on the page, if the call is about one. */
type Dropped = string | undefined;

export function createDesktop({
  host,
  settings,
  secrets,
  clients,
  window,
  archives,
  version,
}: Deps): Desktop {
  let answeredEarly = false;

  const handlers: Handlers<typeof operations, Dropped> = {
    state,
    exportArchive: archives.export,
    importArchive: archives.import,
    cancelArchive: archives.cancel,

    async configure(wished) {
      const before = settings.get();
      if (wished.start_at_login !== undefined) await startAtLogin(wished.start_at_login);
      settings.change(wished);
      const now = settings.get();
      const { running, tls_trouble } = host.state();
      // Asked for again after a failed start, the same port means: try once more.
      const again = (wished.port !== undefined && !running) || (wished.tls_port !== undefined && tls_trouble);
      const moved = (["port", "listen", "tls", "tls_port"] as const).some((key) => now[key] !== before[key]);
      if (again || moved) await host.start();
      return state();
    },

    async chooseFolder() {
      const chosen = await askForFolder(window());
      if (chosen === undefined || chosen === settings.get().data_dir) return state();
      const before = settings.get().data_dir;
      settings.change({ data_dir: chosen });
      await host.start();
      const { running, trouble } = host.state();
      if (running) return state();
      // A folder that cannot be used must not cost the person the one that could.
      settings.change({ data_dir: before });
      await host.start();
      throw new Fault(
        "BAD_REQUEST",
        `${chosen} cannot be used: ${trouble ?? "the registry did not start in it"}`,
      );
    },

    async reveal() {
      const failure = await shell.openPath(settings.get().data_dir);
      if (failure !== "") throw new Fault("NOT_FOUND", `the folder could not be shown: ${failure}`);
    },

    async save({ name, text }) {
      const path = await askForFile(window(), name);
      if (path !== undefined) await writeFile(path, text, { mode: 0o600 });
      return { saved: path !== undefined };
    },

    clients: clients.list,
    setUpClients: clients.setUp,
    undoClients: clients.undo,

    async openWeb() {
      const { address, running, trouble } = host.state();
      if (!running) throw new Fault("SERVICE_UNAVAILABLE", trouble ?? "the registry is not running");
      await shell.openExternal(`http://${address}/`);
    },
  };

  async function state(): Promise<DesktopState> {
    const store = await soon(
      secrets().then(
        ({ kind }) => kind,
        () => "none yet",
      ),
    );
    const registry = await soon(host.registry().catch(() => undefined));
    answeredEarly ||= store === undefined;
    return {
      ...host.state(),
      ...(store === undefined ? { trouble: "the keychain of this computer waits to be unlocked" } : {}),
      first_start: (await registry?.firstStart()) ?? false,
      secret_store: store ?? "none yet",
      version,
      settings: settings.get(),
    };
  }

  return {
    hasAnsweredEarly: () => answeredEarly,
    async call(name, input, dropped) {
      const verb = name.slice("desktop.".length);
      if (!isVerb(verb)) throw new Fault("NOT_FOUND", `there is no operation ${name}`);
      const parsed = operations[verb].input.strict().safeParse(input ?? {});
      if (!parsed.success)
        throw new Fault("BAD_REQUEST", parsed.error.issues[0]?.message ?? "the input is not valid");
      return (handlers[verb] as (input: unknown, dropped: Dropped) => Promise<unknown>)(parsed.data, dropped);
    },
  };
}

/** `undefined` when it takes longer than a page may stay empty. */
function soon<T>(work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, sleep(2_000, undefined, { ref: false })]);
}

function isVerb(verb: string): verb is keyof typeof operations {
  return Object.hasOwn(operations, verb);
}

/** A folder that holds other things is not filled with a registry: it gets one inside. */
async function askForFolder(window: BrowserWindow | undefined): Promise<string | undefined> {
  const options: Electron.OpenDialogOptions = { properties: ["openDirectory", "createDirectory"] };
  const { filePaths } = window
    ? await dialog.showOpenDialog(window, options)
    : await dialog.showOpenDialog(options);
  const [folder] = filePaths;
  if (folder === undefined) return undefined;
  const names = await readdir(folder).catch((): string[] => []);
  return names.length === 0 || names.includes("blobs") ? folder : join(folder, "berth");
}
