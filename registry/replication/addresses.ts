import { toEndpoint } from "./remote/endpoint.ts";

/**
 * An endpoint's address as it is stored: `scheme://host[:port][/path]`, by http where no scheme is given.
 *
 * Throws `BAD_REQUEST` for what is no such address. Harbor API 10.
 */
export function toAddress(text: string): string {
  const given = text.trim();
  return toEndpoint(/^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`).name;
}

/** `host[:port]` of a stored address, as it stands before a repository's name. */
export function hostOf(address: string): string {
  return new URL(address).host;
}
