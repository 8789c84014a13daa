import { isIP } from "node:net";
import { isLoopback, ownAddresses, ownNames } from "../addresses.ts";

interface Deps {
  /** Further names that a request may say. */
  hosts: readonly string[];
  listens: readonly { host: string }[];
}

/** Whether a name, without a port and in lower case, is one of this registry's. */
export function createOwnHosts({ hosts, listens }: Deps): (name: string) => boolean {
  // A container's name for the machine that runs it; nobody can own a name under `internal`.
  const loopback = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal"];
  const allowed = new Set([...loopback, ...hosts.map((host) => host.toLowerCase())]);
  const onNetwork = listens.some(({ host }) => !isLoopback(host));

  /** Addresses come and go with the networks that a machine is in. */
  return (name) =>
    allowed.has(name) || (onNetwork && [...ownNames(), ...ownAddresses().map(written)].includes(name));
}

function written(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}
