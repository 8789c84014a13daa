import { isIP } from "node:net";
import { Fault } from "../../contract/fault.ts";
import { aliases, sharedEndings, tokenHosts } from "./presets.ts";

/** Where another registry is. */
export interface Endpoint {
  /** For people: `https://registry.example`. */
  readonly name: string;
  readonly origin: string;
  /** The path before `/v2/`, without a slash at its end. */
  readonly base: string;
}

/** Throws `BAD_REQUEST` for an address that is none, or that hides credentials. */
export function toEndpoint(text: string): Endpoint {
  const url = parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw new Fault("BAD_REQUEST", "an endpoint's address is http:// or https:// and a host, with its port");
  }
  if (url.username !== "" || url.password !== "") {
    throw new Fault("BAD_REQUEST", "an endpoint's address holds no user name: give the credentials apart");
  }
  if (url.search !== "" || url.hash !== "")
    throw new Fault("BAD_REQUEST", "an endpoint's address ends with its path");
  const base = url.pathname.replace(/\/+$/, "");
  return { name: url.origin + base, origin: aliases[url.hostname] ?? url.origin, base };
}

/**
 * An address that the endpoint names for more of the same, such as an upload's `Location`: on itself, or refused, because what
 * follows carries credentials. Behind a proxy some say `http` where they were asked by `https`; they are asked as before.
 *
 * Throws `BAD_REQUEST`.
 */
export function onEndpoint(endpoint: Endpoint, location: string | undefined, from: URL): URL {
  const url = parse(location ?? "", from);
  if (!url) throw new Fault("BAD_REQUEST", `${endpoint.name} does not say where to go on`);
  const home = new URL(endpoint.origin);
  const secured = url.protocol === "http:" && home.protocol === "https:" && url.hostname === home.hostname;
  if ((url.origin !== home.origin && !secured) || url.username !== "" || url.password !== "") {
    throw new Fault(
      "BAD_REQUEST",
      `${endpoint.name} wants to be gone on with at ${url.protocol}//${url.host}, which is another host: refused`,
    );
  }
  return new URL(url.pathname + url.search, home);
}

/**
 * Where a `Location` of a redirect leads. Throws `BAD_REQUEST` for what is not HTTP, and for leaving TLS.
 */
export function redirectedTo(endpoint: Endpoint, location: string | undefined, from: URL): URL {
  const url = parse(location ?? "", from);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "")
    throw new Fault("BAD_REQUEST", `${endpoint.name} redirects to an address that is none`);
  if (from.protocol === "https:" && url.protocol === "http:")
    throw new Fault(
      "BAD_REQUEST",
      `${endpoint.name} redirects from https to http://${url.host}, which is refused`,
    );
  return url;
}

/**
 * The address that a challenge names for tokens, which is where the secret goes: on the endpoint itself, under the same
 * registered name, or where that registry is known to have it. Throws `BAD_REQUEST`.
 */
export function realmOf(endpoint: Endpoint, realm: string): URL {
  const url = parse(realm);
  const home = new URL(endpoint.origin);
  const why = url ? whyNot(home, url) : "that is no address";
  if (url && why === undefined) return url;
  throw new Fault(
    "BAD_REQUEST",
    `${endpoint.name} sends for tokens to ${realm.slice(0, 200)}, which is refused: ${why}`,
  );
}

function whyNot(home: URL, realm: URL): string | undefined {
  if (!["http:", "https:"].includes(realm.protocol)) return "that is not http or https";
  if (realm.username !== "" || realm.password !== "") return "that holds a user name";
  if (home.protocol === "https:" && realm.protocol === "http:") return "the credentials would go without TLS";
  if (realm.origin === home.origin) return undefined;
  const secure = realm.protocol === "https:" && realm.port === "";
  if (secure && tokenHosts[home.hostname] === realm.hostname) return undefined;
  const name = registeredName(home.hostname);
  if (name !== undefined && name === registeredName(realm.hostname)) return undefined;
  return "that is another host";
}

/**
 * The part of a host's name that its owner has registered: `example.com` of `registry.example.com`. `undefined` for numbers,
 * for `localhost`, where each port is another program, and where strangers share an ending.
 */
function registeredName(host: string): string | undefined {
  const labels = host.toLowerCase().replace(/\.$/, "").split(".");
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0 || labels.length < 2) return undefined;
  const [second = "", top = ""] = labels.slice(-2);
  // co.uk, com.au, ac.jp: the country's own second level.
  const least = top.length === 2 && second.length <= 3 ? 3 : 2;
  if (labels.length < least || labels.at(-1) === "localhost") return undefined;
  const name = labels.slice(-least).join(".");
  return sharedEndings.has(labels.slice(-2).join(".")) ? undefined : name;
}

function parse(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
