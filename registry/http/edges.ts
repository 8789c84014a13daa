import type { Context } from "koa";
import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Tokens } from "../access/tokens.ts";
import { createTrustAccess } from "../access/trust-access.ts";
import type { LogLine } from "../config.ts";
import type { Recorder } from "../notify/recorder.ts";
import type { Oci } from "../oci/oci.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { Trust } from "../trust/service.ts";
import { createGate } from "./gate.ts";
import { createGuns } from "./guns.ts";
import { createOciEdge } from "./oci.ts";
import { createOwnHosts } from "./own-hosts.ts";
import { createTokenEdge } from "./token.ts";
import { createTrustEdge } from "./trust.ts";

interface Deps {
  /** Further names of this registry. */
  hosts: readonly string[];
  listens: readonly { host: string }[];
  /** The address that people reach this registry by, a URL; or empty. */
  endpoint: () => string;
  oci: Oci;
  proxy: Proxy;
  trust: Trust;
  authorize: Authorize;
  tokens: Tokens;
  recorder: Recorder;
  callerOf(ctx: Context): Promise<Caller>;
  log: (line: LogLine) => void;
}

/** The edges that the clients of images and of trust data meet, which must agree on what the names of this registry are. */
export function createEdges(deps: Deps) {
  const { hosts, listens, endpoint, oci, proxy, trust, tokens, recorder, callerOf, log } = deps;
  const isOwnHost = createOwnHosts({ hosts, listens });
  const findGun = createGuns((name) => isOwnHost(name) || name === hostnameOf(endpoint()));
  const authorize = recorder.watch(deps.authorize);
  const access = createTrustAccess(authorize);
  return {
    gate: createGate({ isOwnHost, endpoint }),
    oci: createOciEdge({ oci, proxy, authorize, recorder }),
    trust: createTrustEdge({ trust, findGun, access, authorize, callerOf, recorder, log }),
    token: createTokenEdge({ authorize: deps.authorize, tokens, findGun, trustAccess: access }),
  };
}

const hostnameOf = (url: string): string => (url === "" ? "" : new URL(url).hostname);
