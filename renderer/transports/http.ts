import { Fault, faultOf, type FaultBody } from "../../registry/contract/fault.ts";
import type { Operation } from "../../registry/contract/operation.ts";
import { apiPrefix, fillPath, routeOf } from "../../registry/contract/path.ts";
import { createHttpArchives } from "./archives-http.ts";
import { openEvents } from "./events.ts";
import type { Transport } from "./transport.ts";

const csrfHeader = "x-harbor-csrf-token";

const changesSession = new Set([
  "session.open",
  "session.close",
  "session.end",
  "users.signUp",
  "users.setPassword",
]);

/** Calls by REST, as a signed-in browser makes them. `origin` is empty for the page's own. */
export function createHttpTransport(origin = ""): Transport {
  let csrf: string | undefined;
  const events = openEvents(`${origin}${apiPrefix}/events`);

  async function send(request: Ask): Promise<Response> {
    const headers = new Headers({ accept: "application/json" });
    if (request.body !== undefined) headers.set("content-type", "application/json");
    if (csrf !== undefined && !request.safe) headers.set(csrfHeader, csrf);
    // Else a project named 2024 is taken for the one with that number.
    if (request.named) headers.set("x-is-resource-name", "true");
    const response = await fetch(request.url, { method: request.method, headers, body: request.body }).catch(
      () => {
        throw new Fault("SERVICE_UNAVAILABLE", "the registry does not answer");
      },
    );
    csrf = response.headers.get(csrfHeader) ?? csrf;
    return response;
  }

  return {
    place: "browser",
    archives: createHttpArchives({
      origin,
      async proof(): Promise<Record<string, string>> {
        await send({ method: "GET", url: `${origin}${apiPrefix}/ping`, safe: true, named: false });
        return csrf === undefined ? {} : { [csrfHeader]: csrf };
      },
    }),
    async call(name, operation, input) {
      if (operation.rest === undefined)
        throw new Fault("UNSUPPORTED", "only the desktop application can do this");
      const request = askOf(origin, operation.rest, input);
      const sent = csrf;
      let response = await send(request);
      // The first change after signing in, or one with a token of an earlier session: the refusal carries a good token.
      if (response.status === 403 && !request.safe && csrf !== sent) response = await send(request);
      if (!response.ok) throw faultOf(await faultBodyOf(response));
      // The stream of events belongs to the session in which it was opened.
      if (changesSession.has(name)) events.reopen();
      return answerOf(operation, response);
    },
    on: events.on,
  };
}

interface Ask {
  method: string;
  url: string;
  safe: boolean;
  /** The project is told by its name. */
  named: boolean;
  body?: string;
}

function askOf(origin: string, rest: string, input: Record<string, unknown>): Ask {
  const { method, path, parameters } = routeOf(rest);
  const others = Object.entries(input).filter(
    ([name, value]) => !parameters.includes(name) && value !== undefined,
  );
  const url = `${origin}${apiPrefix}${fillPath(path, input)}`;
  const safe = method === "GET" || method === "HEAD";
  const named = typeof input.project_name_or_id === "string";
  if (!safe && method !== "DELETE")
    return { method, url, safe, named, body: JSON.stringify(Object.fromEntries(others)) };
  const query = new URLSearchParams(others.map(([name, value]) => [name, String(value)])).toString();
  return { method, url: query === "" ? url : `${url}?${query}`, safe, named };
}

async function faultBodyOf(response: Response): Promise<Partial<FaultBody>> {
  const said = (await response.json().catch(() => undefined)) as { errors?: FaultBody[] } | undefined;
  return said?.errors?.[0] ?? { message: `the registry answered ${response.status}` };
}

async function answerOf(operation: Operation, response: Response): Promise<unknown> {
  const { kind } = operation.returns;
  if (kind === "nothing") return undefined;
  if (kind === "text") return response.text();
  if (kind === "created") return { id: idOf(response.headers.get("location") ?? "") };
  const value: unknown = await response.json();
  if (kind === "one") return value;
  return { items: value, total: Number(response.headers.get("x-total-count") ?? 0) };
}

/** The last part of a `Location`; most are numbers. */
function idOf(location: string): number | string {
  const id = decodeURIComponent(location.slice(location.lastIndexOf("/") + 1));
  return /^\d+$/.test(id) ? Number(id) : id;
}
