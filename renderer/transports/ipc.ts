import type { RegistryEvent } from "../../registry/contract/event.ts";
import { faultOf, type FaultBody } from "../../registry/contract/fault.ts";
import type { Transport } from "./transport.ts";

/** What the preload script puts on the window. */
export interface Bridge {
  call(name: string, input: unknown): Promise<{ value?: unknown } | { error: FaultBody }>;
  on(listener: (event: RegistryEvent) => void): () => void;
}

declare global {
  interface Window {
    berth?: Bridge;
  }
}

export function createIpcTransport(bridge: Bridge): Transport {
  return {
    place: "window",
    async call(name, _operation, input) {
      // Vue's reactive proxies cannot be cloned over IPC; a JSON copy can.
      const reply = await bridge.call(name, JSON.parse(JSON.stringify(input)));
      if ("error" in reply) throw faultOf(reply.error);
      return reply.value;
    },
    on(listener, link) {
      link(true);
      return bridge.on(listener);
    },
  };
}
