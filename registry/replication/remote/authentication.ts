import { Fault } from "../../contract/fault.ts";
import { bytesOf, limits, slow } from "./bodies.ts";
import { challengeOf } from "./challenge.ts";
import type { Answer, Connection } from "./connection.ts";
import { realmOf, type Endpoint } from "./endpoint.ts";
import { reasonOf, refusal } from "./refusals.ts";

export interface Authentication {
  /** The `Authorization` for these scopes, as far as it is known how to ask; `fresh` when it was had for this very call. */
  header(scopes: readonly string[]): Promise<Proof>;
  /** By name and password, whatever the registry asks for: Harbor's API takes it so. */
  basic: string | undefined;
  /** Takes in what a 401 says. Throws `UNAUTHORIZED` when asking again with what `header` gives then would not help. */
  challenged(answer: Answer, scopes: readonly string[], sent: Proof): Promise<void>;
}

interface Proof {
  value: string | undefined;
  fresh: boolean;
}

interface Deps {
  endpoint: Endpoint;
  connection: Connection;
  access_key: string;
  access_secret: string;
  /** Milliseconds that a token server may take for its answer. */
  within: number;
}

type Way = { scheme: "basic" } | { scheme: "bearer"; realm: URL; service: string | undefined };

interface Token {
  value: string;
  /** Milliseconds since 1970, by this machine's clock: the other one may go wrong. */
  until: number;
}

const mostTokens = 500;
/** Seconds; what the token spec says of a token that does not say how long it lasts. */
const shortest = 60;

/**
 * The distribution spec's token authentication, and Basic. Tokens are kept for each scope until shortly before they end; the
 * secret goes to the endpoint and to where its tokens may come from, and nowhere else.
 */
export function createAuthentication({ endpoint, connection, within, ...account }: Deps): Authentication {
  const basic =
    account.access_key === "" && account.access_secret === ""
      ? undefined
      : `Basic ${Buffer.from(`${account.access_key}:${account.access_secret}`).toString("base64")}`;
  const tokens = new Map<string, Promise<Token>>();
  /** Scopes that the registry itself named for what it was asked. */
  const wider = new Map<string, string>();
  let way: Way | undefined;

  async function fetchToken({ realm, service }: Way & { scheme: "bearer" }, key: string): Promise<Token> {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set("service", service);
    for (const scope of (wider.get(key) ?? key).split(" ")) {
      if (scope !== "") url.searchParams.append("scope", scope);
    }
    const headers: Record<string, string> = { accept: "application/json" };
    if (basic !== undefined) headers.authorization = basic;
    // Of its own: others wait for the same token when the job that came first is stopped.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(slow()), within);
    try {
      const answer = await connection.send(url, { method: "GET", headers, signal: late.signal });
      if (answer.status === 401 || answer.status === 403) throw await turnedAway(answer);
      if (answer.status !== 200) throw await refusal(endpoint.name, "give a token", answer);
      return tokenOf(await bytesOf(answer, { name: endpoint.name, limit: limits.token, within }));
    } finally {
      clearTimeout(timer);
    }
  }

  function tokenOf(bytes: Buffer): Token {
    const told = fieldsOf(bytes);
    const value = [told.token, told.access_token].find((one) => typeof one === "string" && one !== "");
    // It goes into a header.
    if (typeof value !== "string" || !/^[\x21-\x7e]{1,32768}$/.test(value))
      throw new Fault("UNAUTHORIZED", `${endpoint.name} gives no token that can be used`);
    const seconds = typeof told.expires_in === "number" ? Math.max(told.expires_in, 0) : shortest;
    return { value, until: Date.now() + 1000 * (seconds - Math.min(10, seconds / 4)) };
  }

  async function turnedAway(answer: Answer): Promise<Fault> {
    const reason = await reasonOf(answer);
    const told = reason === "" ? "" : `: ${reason}`;
    const what =
      basic === undefined ? "wants a user name and a secret" : "refuses the user name or the secret";
    return new Fault("UNAUTHORIZED", `${endpoint.name} ${what}${told}`);
  }

  async function bearer(bearerWay: Way & { scheme: "bearer" }, key: string): Promise<Proof> {
    const known = tokens.get(key);
    const kept = await known?.catch(() => undefined);
    if (kept && kept.until > Date.now()) return { value: `Bearer ${kept.value}`, fresh: false };
    // Whoever came first while this one looked has asked already.
    let asked = tokens.get(key);
    if (!asked || asked === known) {
      asked = fetchToken(bearerWay, key);
      if (tokens.size >= mostTokens) tokens.clear();
      tokens.set(key, asked);
      asked.catch(() => tokens.get(key) === asked && tokens.delete(key));
    }
    return { value: `Bearer ${(await asked).value}`, fresh: true };
  }

  return {
    basic,

    async header(scopes) {
      if (way?.scheme === "basic") return { value: basic, fresh: true };
      return way ? bearer(way, scopes.join(" ")) : { value: undefined, fresh: false };
    },

    async challenged(answer, scopes, sent) {
      const challenge = challengeOf(answer.header("www-authenticate"));
      if (!challenge) throw await turnedAway(answer);
      const key = scopes.join(" ");
      const { realm, service, scope } = challenge.parameters;
      if (challenge.scheme === "basic") {
        if (basic === undefined || (way?.scheme === "basic" && sent.value !== undefined))
          throw await turnedAway(answer);
        way = { scheme: "basic" };
        return;
      }
      const isNew = way?.scheme !== "bearer";
      way = { scheme: "bearer", realm: realmOf(endpoint, realm ?? ""), service };
      const asksForMore = isScope(scope) && scope !== (wider.get(key) ?? key) && !wider.has(key);
      if (!isNew && sent.fresh && !asksForMore) throw await noRight(answer);
      if (asksForMore && !isNew) wider.set(key, scope);
      tokens.delete(key);
    },
  };

  async function noRight(answer: Answer): Promise<Fault> {
    const reason = await reasonOf(answer);
    const who = basic === undefined ? "nobody" : account.access_key;
    const told = reason === "" ? `${who} has no right to that there` : reason;
    return new Fault("UNAUTHORIZED", `${endpoint.name} refuses: ${told}`);
  }
}

function isScope(text: string | undefined): text is string {
  return text !== undefined && text.length <= 1000 && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text);
}

function fieldsOf(bytes: Buffer): Record<string, unknown> {
  try {
    const told: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
