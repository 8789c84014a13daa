import type { Readable } from "node:stream";
import { Fault } from "../../contract/fault.ts";
import { orAborted } from "../at-once.ts";
import type { Authentication } from "./authentication.ts";
import { bytesOf, jsonOf } from "./bodies.ts";
import { drop, type Answer, type Connection, type Sending } from "./connection.ts";
import { redirectedTo, type Endpoint } from "./endpoint.ts";
import { refusal } from "./refusals.ts";
import { toTrouble } from "./troubles.ts";

export interface Asking {
  /** Scopes of the token spec, such as `repository:library/app:pull`; or Harbor's API, which takes the account itself. */
  as: readonly string[] | "account";
  headers?: Record<string, string>;
  body?: Buffer | Readable;
  /** It is not to be sent again by itself when an idle connection breaks. */
  once?: boolean;
  /** Follows redirects, which lead to where the blobs are kept. */
  redirects?: boolean;
  patience?: number;
  signal: AbortSignal;
}

export interface Exchange {
  readonly endpoint: Endpoint;
  /** `path` is below the endpoint's address: `/v2/`. */
  at(path: string): URL;
  /** Sends it with what proves who asks, once more after a challenge. Throws what the network throws, and `UNAUTHORIZED`. */
  raw(method: Sending["method"], url: URL, asking: Asking): Promise<Answer>;
  /** The same with the network's troubles in this project's words. */
  ask(method: Sending["method"], url: URL, asking: Asking): Promise<Answer>;
  /** The whole of an answer; so does `json`. */
  bytes(answer: Answer, limit: number): Promise<Buffer>;
  json(answer: Answer, limit: number): Promise<unknown>;
  /** The error that an unwelcome answer stands for: to be thrown. */
  refusal(what: string, answer: Answer): Promise<Error>;
}

interface Deps {
  endpoint: Endpoint;
  connection: Connection;
  authentication: Authentication;
  /** Milliseconds that a whole list or manifest may take. */
  within: number;
}

const mostRedirects = 5;
/** As nobody, with a token that has gone stale, with a fresh one, with one for what the registry then asks for. */
const mostTries = 4;
const redirectStatuses = [301, 302, 303, 307, 308];

/** Requests and answers as whoever the endpoint's credentials are. */
export function createExchange({ endpoint, connection, authentication, within }: Deps): Exchange {
  async function proven(method: Sending["method"], url: URL, asking: Asking): Promise<Answer> {
    const { as, body, once = false, patience, signal } = asking;
    for (let tries = 1; ; tries += 1) {
      const proof =
        as === "account"
          ? { value: authentication.basic, fresh: true }
          : await orAborted(authentication.header(as), signal);
      const headers = {
        ...asking.headers,
        ...(proof.value === undefined ? {} : { authorization: proof.value }),
      };
      const answer = await connection.send(url, { method, headers, body, once, patience, signal });
      if (answer.status !== 401 || as === "account" || tries === mostTries) return answer;
      await authentication.challenged(answer, as, proof);
      await drop(answer);
      // Its bytes are gone: whoever sent them knows how to go on.
      if (body !== undefined && !Buffer.isBuffer(body)) return answer;
    }
  }

  async function raw(method: Sending["method"], url: URL, asking: Asking): Promise<Answer> {
    let answer = await proven(method, url, asking);
    let from = url;
    for (let hops = 0; asking.redirects && redirectStatuses.includes(answer.status); hops += 1) {
      await drop(answer);
      if (hops === mostRedirects)
        throw new Fault("BAD_REQUEST", `${endpoint.name} redirects more than ${mostRedirects} times`);
      from = redirectedTo(endpoint, answer.header("location"), from);
      const { headers = {}, signal } = asking;
      // Who asks is told to nobody else, and not to the endpoint either once it has sent away.
      answer = await connection.send(from, { method, headers, signal });
    }
    return answer;
  }

  async function inWords<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw toTrouble(error, endpoint.name);
    });
  }

  return {
    endpoint,
    at: (path) => new URL(endpoint.origin + endpoint.base + path),
    raw,
    ask: (method, url, asking) => inWords(raw(method, url, asking)),
    bytes: (answer, limit) => inWords(bytesOf(answer, { name: endpoint.name, limit, within })),
    json: (answer, limit) => inWords(jsonOf(answer, { name: endpoint.name, limit, within })),
    refusal: (what, answer) => refusal(endpoint.name, what, answer),
  };
}
