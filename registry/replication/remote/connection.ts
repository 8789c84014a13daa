import { setMaxListeners } from "node:events";
import type { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import { Agent, type Dispatcher } from "undici";

export interface Sending {
  method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  headers: Record<string, string>;
  /** Bytes can be sent again when an idle connection turns out to have been closed; a stream cannot. */
  body?: Buffer | Readable | undefined;
  /** Not even so: to do it twice is not to do it once. */
  once?: boolean;
  signal: AbortSignal;
  /** Milliseconds to wait for the answer's beginning, where that is long work for the other side. */
  patience?: number | undefined;
}

export interface Answer {
  url: URL;
  status: number;
  header(name: string): string | undefined;
  /** To be read or let go by `drop`. */
  body: Dispatcher.ResponseData["body"];
}

export interface Connection {
  /** One request, one answer: no redirects, no cookies. Throws what the network throws, and the signal's reason. */
  send(url: URL, sending: Sending): Promise<Answer>;
  close(): Promise<void>;
}

export interface Timeouts {
  /** Milliseconds until connected, until an answer begins, and between two pieces of it. */
  connect: number;
  headers: number;
  body: number;
}

interface Options {
  insecure: boolean;
  /** PEM, or empty. */
  ca_certificate: string;
  timeouts: Timeouts;
  agent: string;
}

/** Connections to one registry and to where it redirects. Few, and kept open: a repository is many small requests. */
export function createConnection({ insecure, ca_certificate, timeouts, agent }: Options): Connection {
  const dispatcher = new Agent({
    connections: 16,
    pipelining: 1,
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.body,
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: 64 * 1024,
    connect: {
      timeout: timeouts.connect,
      rejectUnauthorized: !insecure,
      // An own authority stands beside those of the machine: where a registry redirects to is signed by others.
      ...(ca_certificate === "" ? {} : { ca: [...rootCertificates, ca_certificate] }),
    },
  });

  async function send(url: URL, { method, headers, body, signal, patience }: Sending): Promise<Answer> {
    signal.throwIfAborted();
    // A job's signal hears of all its requests.
    setMaxListeners(0, signal);
    try {
      const answer = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { "user-agent": agent, ...headers },
        body: body ?? null,
        signal,
        ...(patience === undefined ? {} : { headersTimeout: patience }),
      });
      return toAnswer(url, answer);
    } catch (error) {
      // What undici says of an abort is not what the signal says.
      signal.throwIfAborted();
      throw error;
    }
  }

  return {
    async send(url, sending) {
      try {
        return await send(url, sending);
      } catch (error) {
        if (!isStale(error) || !isRepeatable(sending)) throw error;
        return send(url, sending);
      }
    },

    close: () => dispatcher.destroy(),
  };
}

function toAnswer(url: URL, { statusCode, headers, body }: Dispatcher.ResponseData): Answer {
  // Whoever gives up on a body must not end the process by its error.
  body.on("error", () => undefined);
  return {
    url,
    status: statusCode,
    body,
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
}

/** An idle connection was closed by the other side at the moment it was used again. */
function isStale(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}

function isRepeatable({ method, body, once = false }: Sending): boolean {
  return !once && method !== "POST" && method !== "PATCH" && (body === undefined || Buffer.isBuffer(body));
}

/** Lets an answer's body go, so that its connection is free again. */
export async function drop({ body }: Answer): Promise<void> {
  await body.dump({ limit: 64 * 1024 }).catch(() => undefined);
}
