import { networkInterfaces, hostname } from "node:os";
import type { Context } from "koa";
import { Fault } from "../contract/fault.ts";

/**
 * Whether a request may come in at all, before anything of it is looked at. A page of another site, open in a browser on
 * this machine, can reach a port of this machine: it must neither read nor change anything here (DNS rebinding, CSRF).
 */
export function createGate({ hosts, listen }: { hosts: readonly string[]; listen: { host: string } }) {
  // A container's name for the machine that runs it; nobody can own a name under `internal`.
  const loopback = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal"];
  const allowed = new Set([...loopback, ...hosts.map((host) => host.toLowerCase())]);
  if (!isLoopback(listen.host)) for (const name of ownNames()) allowed.add(name);

  return function gate(ctx: Context): void {
    const { host, origin, "sec-fetch-site": site } = ctx.headers;
    if (!ctx.req.url?.startsWith("/")) throw new Fault("BAD_REQUEST", "the request names no path");
    if (countOf("host", ctx.req.rawHeaders) > 1)
      throw new Fault("BAD_REQUEST", "the request names two hosts");
    if (host === undefined || !isOurs(host, ctx.req.socket.localPort)) {
      throw new Fault("MISDIRECTED_REQUEST", "this registry has no such name: add it to its hosts to use it");
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      throw new Fault("FORBIDDEN", "another site may not use this registry");
    }
    if (site !== undefined && site !== "same-origin" && site !== "none") {
      // A link followed to our own page is a person's wish, and reads nothing for the page it was on.
      const followed =
        ctx.method === "GET" && ctx.headers["sec-fetch-mode"] === "navigate" && !isInterface(ctx.path);
      if (!followed) throw new Fault("FORBIDDEN", "another site may not use this registry");
    }
  };

  function isOurs(host: string, port: number | undefined): boolean {
    const [, name, written] = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
    return name !== undefined && allowed.has(name.toLowerCase()) && Number(written ?? 80) === port;
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Whether the path is for programs: a followed link has no business there. */
function isInterface(path: string): boolean {
  return /^\/(v2|api|service|c)(\/|$)/.test(path);
}

/** The names and addresses by which others on the network reach this machine. */
function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const written = addresses.map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address));
  return [hostname().toLowerCase(), `${hostname().toLowerCase()}.local`, ...written];
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at];
    if (field?.length === name.length && field.toLowerCase() === name) count += 1;
  }
  return count;
}
