import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What the registry of this process is asked while `work` runs: `GET timestamp.json 200`, names without digests. */
export async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const seen: { request: IncomingMessage; response: ServerResponse }[] = [];
  const note = (message: unknown): void => void seen.push(message as (typeof seen)[number]);
  subscribe("http.server.request.start", note);
  try {
    await work();
  } finally {
    unsubscribe("http.server.request.start", note);
  }
  return seen
    .filter(({ request }) => request.url?.startsWith("/v2/") ?? false)
    .map(({ request, response }) => `${request.method} ${nameOf(request.url ?? "")} ${response.statusCode}`);
}

function nameOf(url: string): string {
  const name = /\/_trust\/(?:tuf\/)?(.*)$/.exec(url)?.[1] ?? url;
  return name.replace(/\.[0-9a-f]{64}\./, ".H.");
}
