import { isIP } from "node:net";
import { hostPort, isLoopback, ownAddresses, ownNames } from "../addresses.ts";

/** What a server certificate is for: DNS names, and addresses as text. */
export interface Names {
  /** Every authority of Berth may vouch for these: names that nobody else can own, and addresses. */
  home: string[];
  /** Names that others could own; an authority vouches for those it was made for, and no others. */
  further: string[];
}

interface Reachable {
  listen: { host: string };
  /** Further names that the person gave. */
  hosts: readonly string[];
  /** The address that people reach this registry by, a URL; or empty. */
  endpoint: string;
}

/** A container's name for the machine that runs it; nobody can own a name under `internal`. */
const homeNames = ["localhost", "host.docker.internal"];

/** The names and addresses by which clients reach this machine, as they are now. */
export function namesOf({ listen, hosts, endpoint }: Reachable): Names {
  const given = endpoint === "" ? [...hosts] : [...hosts, new URL(endpoint).hostname];
  const network = isLoopback(listen.host) ? [] : [...ownNames(), ...ownAddresses()];
  const wished = [...homeNames, "127.0.0.1", "::1", ...network, ...given.map(bare)];
  const all = [...new Set(wished.map((name) => name.toLowerCase()))].filter(isNameable).sort();
  const isHome = (name: string): boolean => isIP(name) !== 0 || homeNames.includes(name);
  return { home: all.filter(isHome), further: all.filter((name) => !isHome(name)) };
}

/** Every `host:port` by which clients on this machine and others name what answers over TLS, this machine's own first. */
export function addressesOf({ listen: { host }, hosts, endpoint }: Reachable, port: number): string[] {
  const all = ["0.0.0.0", "::"].includes(host);
  const here = all || isLoopback(host) ? ["localhost", "127.0.0.1"] : [host];
  const addresses = [...here, ...(all ? ownNames() : []), ...hosts.map(bare)];
  const outside = endpoint.startsWith("https:") ? [new URL(endpoint).host] : [];
  return [...new Set([...addresses.map((name) => hostPort(name, port)), ...outside])];
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** A machine may be called what no certificate can say; an address of its own link means nothing without that. */
function isNameable(name: string): boolean {
  if (isIP(name) !== 0) return !name.startsWith("fe80:") && !(name.includes(":") && name.includes("."));
  const labels = name.split(".");
  return name.length < 254 && labels.every((label) => /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/.test(label));
}
