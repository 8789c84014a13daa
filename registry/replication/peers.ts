import type { SecretStore } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Reachable } from "../contract/registries.ts";
import type { Collections, RegistryDocument } from "../store/collections.ts";
import { createRemote, type Remote, type RemoteOptions } from "./remote/remote.ts";
import type { Peer } from "./side.ts";

export interface Peers {
  /** The registry of that number, 0 is this one. Throws `NOT_FOUND`. */
  of(registry_id: number): Promise<Peer>;
  /** Asks an endpoint whether it is well. Throws `NOT_FOUND`. */
  check(registry_id: number, signal?: AbortSignal): Promise<Reachable>;
  /** Asks what is no endpoint yet. Throws `BAD_REQUEST` for an address that is none. */
  probe(options: RemoteOptions): Promise<Reachable>;
  /** Ends the connections to an endpoint that is gone. */
  forget(registry_id: number): void;
  close(): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "registries">;
  secrets: SecretStore;
  local: Peer;
  /** Whether other registries' certificates are checked at all. */
  verifyRemoteCert(): boolean;
}

/** Milliseconds that a registry has to say how it is. */
const patience = 15_000;

export const secretOf = (registry_id: number): string => `registry-${registry_id}`;

/** The registries that rules copy between, each with connections and tokens that its jobs share. */
export function createPeers({ collections, secrets, local, verifyRemoteCert }: Deps): Peers {
  const open = new Map<number, { known: string; remote: Remote }>();

  const secured = (options: RemoteOptions): RemoteOptions => ({
    ...options,
    insecure: options.insecure || !verifyRemoteCert(),
  });

  async function optionsOf({ id, url, type, access_key, insecure, ca_certificate }: RegistryDocument) {
    const access_secret = (await secrets.get(secretOf(id))) ?? "";
    return secured({ url, type, access_key, access_secret, insecure, ca_certificate });
  }

  async function remote(registry_id: number): Promise<Remote> {
    const registry = await collections.registries.get(String(registry_id));
    if (!registry) throw new Fault("NOT_FOUND", `there is no endpoint ${registry_id}`);
    const options = await optionsOf(registry);
    const known = JSON.stringify(options);
    const before = open.get(registry_id);
    if (before?.known === known) return before.remote;
    // What still uses the old connections ends with them, and is tried again by the new ones.
    end(before?.remote);
    const made = createRemote(options);
    open.set(registry_id, { known, remote: made });
    return made;
  }

  return {
    of: (registry_id) => (registry_id === 0 ? Promise.resolve(local) : remote(registry_id)),

    check: async (registry_id, signal) => ask(await remote(registry_id), signal),

    async probe(options) {
      const asked = createRemote(secured(options));
      try {
        return await ask(asked);
      } finally {
        await asked.close();
      }
    },

    forget(registry_id) {
      end(open.get(registry_id)?.remote);
      open.delete(registry_id);
    },

    async close() {
      const ended = [...open.values()].map((known) => known.remote.close());
      open.clear();
      await Promise.all(ended);
    },
  };
}

function end(remote: Remote | undefined): void {
  remote?.close().catch(() => undefined);
}

/** `closing` ends the asking before its time. */
async function ask(remote: Remote, closing?: AbortSignal): Promise<Reachable> {
  const asking = new AbortController();
  const end = (): void => asking.abort();
  const timer = setTimeout(end, patience);
  closing?.addEventListener("abort", end);
  try {
    return await remote.check(asking.signal);
  } catch (error) {
    if (!asking.signal.aborted) throw error;
    return { problem: "timeout", message: `${remote.name} did not answer within ${patience / 1000} seconds` };
  } finally {
    clearTimeout(timer);
    closing?.removeEventListener("abort", end);
  }
}
