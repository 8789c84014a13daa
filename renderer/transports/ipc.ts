import type { RegistryEvent } from "../../registry/contract/event.ts";
import { faultOf, type FaultBody } from "../../registry/contract/fault.ts";
import { createWindowArchives } from "./archives-window.ts";
import type { Transport } from "./transport.ts";

/** What the preload script puts on the window. */
export interface Bridge {
  /** With a file that was dropped on the page, for what takes one. */
  call(name: string, input: unknown, file?: File): Promise<{ value?: unknown } | { error: FaultBody }>;
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
    archives: createWindowArchives(bridge),
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
