import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";
import type { Clients } from "../../registry/contract/clients.ts";
import { toFault, type Fault } from "../../registry/contract/fault.ts";
import type { TlsState } from "../../registry/contract/tls.ts";
import { useClient } from "../client.ts";
import { useDesktop } from "./desktop.ts";

/** Who trusts the registry's certificate: the clients on this machine, in the window; in a browser only the certificate. */
export const useClients = defineStore("clients", () => {
  const client = useClient();
  const desktop = useDesktop();
  const tls = shallowRef<TlsState>();
  const here = shallowRef<Clients>();
  const fault = shallowRef<Fault>();

  /** By which others name the registry over TLS; nothing while they cannot reach it. */
  const outside = computed(() => {
    const addresses = tls.value?.addresses ?? [];
    if (!desktop.available && location.protocol === "https:") return location.host;
    return addresses.find((address) => !/^(localhost|127\.)/.test(address));
  });
  const open = computed(() => here.value?.clients.some(({ state }) => state === "open") ?? false);

  async function load(): Promise<void> {
    fault.value = undefined;
    try {
      tls.value = await client.system.tls({});
      if (desktop.available) here.value = await client.desktop.clients({});
    } catch (error) {
      fault.value = toFault(error);
    }
  }

  async function setUp(): Promise<void> {
    here.value = await client.desktop.setUpClients({});
  }

  async function undo(): Promise<void> {
    here.value = await client.desktop.undoClients({});
  }

  return { tls, here, fault, outside, open, load, setUp, undo };
});
