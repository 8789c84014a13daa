import { anonymous } from "../registry/access/caller.ts";
import type { Clients } from "../registry/contract/clients.ts";
import { layoutOf } from "../registry/store/layout.ts";
import { targetOf, type Target } from "../registry/tls/client-plans.ts";
import { createClients, type ClientSetUp } from "../registry/tls/clients.ts";
import { thisMachine } from "../registry/tls/machine.ts";
import type { Host } from "./host.ts";

/** The clients on this machine, made to trust the registry that runs here. */
export interface ClientsHere {
  list(): Promise<Clients>;
  setUp(): Promise<Clients>;
  undo(): Promise<Clients>;
}

interface Deps {
  host: Host;
  dataDir: () => string;
}

export function createClientsHere({ host, dataDir }: Deps): ClientsHere {
  // What is the whole system's is changed by commands that the person has seen, never by a click, whoever started Berth.
  const machine = { ...thisMachine(), isRoot: false };
  const opened = new Map<string, ClientSetUp>();

  function clients(): ClientSetUp {
    const folder = dataDir();
    const known = opened.get(folder) ?? createClients({ machine, record: layoutOf(folder).clients });
    opened.set(folder, known);
    return known;
  }

  async function target(): Promise<Target | undefined> {
    const registry = await host.registry();
    const { addresses, authority } = registry.tls();
    if (addresses.length === 0 || authority === undefined) return undefined;
    const pem = String(await registry.call("system.certificate", {}, anonymous("window")));
    return targetOf(addresses, pem, layoutOf(dataDir()).authority);
  }

  return {
    list: async () => clients().list(await target()),
    setUp: async () => clients().setUp(await target()),
    undo: async () => clients().undo(await target()),
  };
}
