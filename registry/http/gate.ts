import type { Context } from "koa";
import { Fault } from "../contract/fault.ts";

interface Deps {
  /** Whether a name without its port is this registry's. */
  isOwnHost: (name: string) => boolean;
  /** The address that people reach this registry by, a URL; or empty. */
  endpoint: () => string;
}

/**
 * Whether a request may come in at all, before anything of it is looked at. A page of another site, open in a browser on
 * this machine, can reach a port of this machine: it must neither read nor change anything here (DNS rebinding, CSRF).
 */
export function createGate({ isOwnHost, endpoint }: Deps) {
  return function gate(ctx: Context): void {
    const { host, origin, "sec-fetch-site": site } = ctx.headers;
    if (!ctx.req.url?.startsWith("/")) throw new Fault("BAD_REQUEST", "the request names no path");
    if (countOf("host", ctx.req.rawHeaders) > 1)
      throw new Fault("BAD_REQUEST", "the request names two hosts");
    const own = host === undefined ? undefined : ownOrigin(ctx, host);
    if (own === undefined) {
      throw new Fault("MISDIRECTED_REQUEST", "this registry has no such name: add it to its hosts to use it");
    }
    ctx.state.origin = own;
    if (origin !== undefined && origin !== own) {
      throw new Fault("FORBIDDEN", "another site may not use this registry");
    }
    if (site !== undefined && site !== "same-origin" && site !== "none") {
      // A link followed to our own page is a person's wish, and reads nothing for the page it was on.
      const followed =
        ctx.method === "GET" && ctx.headers["sec-fetch-mode"] === "navigate" && !isInterface(ctx.path);
      if (!followed) throw new Fault("FORBIDDEN", "another site may not use this registry");
    }
  };

  /** The origin that the client asked, if it is ours. `X-Forwarded-Proto` says nothing: anybody can send it. */
  function ownOrigin(ctx: Context, host: string): string | undefined {
    // What stands between may end TLS and keep another port. Its address is the administrator's word.
    const outside = endpoint() === "" ? undefined : new URL(endpoint());
    if (outside?.host === host.toLowerCase()) return outside.origin;
    const [, name, written] = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
    const port = Number(written ?? (ctx.secure ? 443 : 80));
    if (name === undefined || port !== ctx.req.socket.localPort || !isOwnHost(name.toLowerCase()))
      return undefined;
    return `${ctx.protocol}://${host}`;
  }
}

/** The origin by which the client came, as `createGate` found it; nothing when it came by none of ours. */
export function originOf(ctx: Context): string | undefined {
  return (ctx.state as { origin?: string }).origin;
}

/** Whether the path is for programs: a followed link has no business there. */
function isInterface(path: string): boolean {
  return /^\/(v2|api|service|c)(\/|$)/.test(path);
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at];
    if (field?.length === name.length && field.toLowerCase() === name) count += 1;
  }
  return count;
}
