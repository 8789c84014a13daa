import type { RequestListener } from "node:http";
import type { TlsConfig } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { TlsState } from "../contract/tls.ts";
import { addressesOf } from "../tls/names.ts";
import { openTls, type Tls, type TlsDeps } from "../tls/tls.ts";
import { listen, type Listening } from "./server.ts";

/** The registry over TLS, beside plain HTTP. */
export interface Encryption {
  /** Answers there too. Throws as `listen` does, unless TLS is optional: then `state` tells the trouble. */
  start(handler: RequestListener): Promise<void>;
  state(): TlsState;
  /** The certificate that clients are given to trust, PEM; absent when there is none to give. */
  authority(): string | undefined;
  close(): Promise<void>;
}

/** Without `config` it does nothing, and says so. Throws `BAD_REQUEST` for a pair that cannot be used. */
export async function openEncryption({
  config,
  ...deps
}: Omit<TlsDeps, "config"> & { config: TlsConfig | undefined }): Promise<Encryption> {
  const tls: Tls | undefined = config && (await openTls({ config, ...deps }));
  let listening: Listening | undefined;
  let trouble: string | undefined;

  function heard(
    { address, port }: Listening,
    { listen }: TlsConfig,
  ): Pick<TlsState, "address" | "addresses"> {
    const { hosts, endpoint } = deps;
    return { address, addresses: addressesOf({ listen, hosts, endpoint: endpoint() }, port) };
  }

  return {
    async start(handler) {
      if (!config || !tls) return;
      try {
        listening = await listen(handler, config.listen, tls);
      } catch (error) {
        if (!config.optional || !(error instanceof Fault)) throw error;
        trouble = error.message;
        deps.log({ level: "warn", message: "no TLS", reason: trouble });
      }
    },
    state: () => ({
      given: false,
      addresses: [],
      ...(trouble === undefined ? {} : { trouble }),
      ...tls?.state(),
      ...(listening && config ? heard(listening, config) : {}),
    }),
    authority: () => tls?.authority,
    async close() {
      tls?.close();
      await listening?.close();
    },
  };
}
