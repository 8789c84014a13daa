import type { RegistryEvent } from "../registry/contract/event.ts";
import type { TlsState } from "../registry/contract/tls.ts";
import { Fault } from "../registry/contract/fault.ts";
import type { RegistryConfig, SecretStore } from "../registry/config.ts";
import { createRegistry, type Registry } from "../registry/registry.ts";
import { nextFreePort } from "./ports.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

export type Log = NonNullable<RegistryConfig["log"]>;

export interface HostState {
  /** `host:port` as docker names it; the wished one while nothing listens. */
  address: string;
  running: boolean;
  /** Why nothing listens, in words. */
  trouble?: string;
  free_port?: number;
  /** `host:port` over TLS, while it answers there. */
  tls_address?: string;
  /** Why it does not answer over TLS although it should. */
  tls_trouble?: string;
  tls_free_port?: number;
}

/** The registry's life inside the application. */
export interface Host {
  state(): HostState;
  /** Starts, or starts anew with the settings of now. What goes wrong is told by `state`, never thrown. */
  start(): Promise<void>;
  /** Drains and ends it, or gives up after some seconds. */
  stop(): Promise<void>;
  /** Waits for a start that is under way. Throws `SERVICE_UNAVAILABLE` when there is none, with the reason. */
  registry(): Promise<Registry>;
}

interface Deps {
  settings: Settings;
  /** Opened at the first start; a keychain that does not answer is a trouble like others. */
  secrets: () => Promise<SecretStore>;
  session: Session;
  config: Pick<RegistryConfig, "pages" | "version">;
  log: Log;
  changed: () => void;
  heard: (event: RegistryEvent) => void;
}

/** For pushes that are under way when Berth quits; the registry cuts them off a little earlier. Milliseconds. */
const patience = 8_000;

export function createHost({ settings, secrets, session, config, log, changed, heard }: Deps): Host {
  let registry: Registry | undefined;
  let unsubscribe: (() => void) | undefined;
  let state: HostState = { address: wished(), running: false };
  let last: Promise<void> = Promise.resolve();

  /** One after the other: a folder has one owner, a port one listener. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    last = last.then(work);
    return last;
  }

  function wished(): string {
    return `localhost:${settings.get().port}`;
  }

  function tell(next: HostState): void {
    state = next;
    changed();
  }

  async function begin(): Promise<void> {
    const { data_dir, port, listen, tls, tls_port } = settings.get();
    const host = listen === "network" ? "0.0.0.0" : "127.0.0.1";
    const secure = { host: listen === "local" ? "127.0.0.1" : "0.0.0.0", port: tls_port };
    try {
      const opened = await createRegistry({
        ...config,
        dataDir: data_dir,
        listen: { host, port },
        // A program that has the port must not cost the person the registry.
        ...(tls ? { tls: { listen: secure, optional: true } } : {}),
        secrets: await secrets(),
        adminPassword: "ask",
        log,
      });
      // From here the window can be used, even if docker finds the port taken.
      registry = opened;
      unsubscribe = opened.subscribe(() => session.callerOf(opened), heard);
      const { address } = await opened.start();
      tell({ address, running: true, ...(await tlsOf(opened.tls(), secure)) });
    } catch (error) {
      log({ level: "error", message: "the registry did not start", reason: String(error) });
      const trouble = error instanceof Error ? error.message : String(error);
      const free_port = registry && isConflict(error) ? await nextFreePort(host, port + 1) : undefined;
      tell({ address: wished(), running: false, trouble, ...(free_port === undefined ? {} : { free_port }) });
    }
  }

  async function end(): Promise<void> {
    unsubscribe?.();
    const ending = registry;
    registry = undefined;
    await ending
      ?.stop()
      .catch((error: unknown) => log({ level: "error", message: `stopping: ${String(error)}` }));
  }

  return {
    state: () => state,
    start: () =>
      inTurn(async () => {
        await end();
        await begin();
      }),
    async stop() {
      // A start may be waiting for a keychain that its owner does not unlock.
      await Promise.race([inTurn(end), after(patience)]);
      tell({ address: state.address, running: false });
    },
    async registry() {
      await last;
      if (registry === undefined)
        throw new Fault("SERVICE_UNAVAILABLE", state.trouble ?? "the registry is not running");
      return registry;
    },
  };
}

async function tlsOf(
  { address, trouble }: TlsState,
  { host, port }: { host: string; port: number },
): Promise<Partial<HostState>> {
  if (address !== undefined) return { tls_address: address };
  if (trouble === undefined) return {};
  const free = await nextFreePort(host, port + 1);
  return { tls_trouble: trouble, ...(free === undefined ? {} : { tls_free_port: free }) };
}

function isConflict(error: unknown): boolean {
  return error instanceof Fault && error.code === "CONFLICT";
}

function after(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
