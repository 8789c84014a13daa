import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Whether only programs on this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** The names by which others on the network reach this machine. */
export function ownNames(): string[] {
  const name = hostname().toLowerCase();
  return name.includes(".") ? [name] : [name, `${name}.local`];
}

/** The addresses by which others on the network reach this machine: IPv6 without brackets. They change while it runs. */
export function ownAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.filter(({ internal }) => !internal).map(({ address }) => address);
}

/** As a URL and docker write it: `[::1]:5143`. */
export function hostPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Reads `HOST:PORT`, an IPv6 address in brackets; `undefined` for anything else. */
export function parseHostPort(text: string): { host: string; port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}
