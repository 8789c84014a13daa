import { Fault } from "../../contract/fault.ts";
import { limits } from "./bodies.ts";
import type { Asking, Exchange } from "./exchange.ts";
import { onEndpoint } from "./endpoint.ts";

/** Pages of one list, and pages in a row that hold nothing: more is no list but a trap. */
const mostPages = 10_000;
const mostEmpty = 100;

interface Listing {
  /** What it is, for a refusal: `list the tags of library/app`. */
  what: string;
  /** The entries of one page. */
  entries(page: unknown): unknown[];
  /** Whether a refusal of the first page means that there is nothing. */
  absent?(status: number, error: Error): boolean;
}

/**
 * A list that comes in pages, each naming the next by `Link`. Throws `BAD_REQUEST` for one that leads in a circle, off the
 * endpoint, or nowhere, and what `ask` throws.
 */
export async function* pagesOf(
  exchange: Exchange,
  first: URL,
  asking: Asking,
  { what, entries, absent }: Listing,
): AsyncGenerator<unknown[]> {
  const { name } = exchange.endpoint;
  const seen = new Set<string>();
  let empty = 0;
  for (let url: URL | undefined = first; url;) {
    if (seen.has(url.href))
      throw new Fault("BAD_REQUEST", `${name} goes round in a circle when asked to ${what}`);
    seen.add(url.href);
    const answer = await exchange.ask("GET", url, asking);
    if (answer.status !== 200) {
      const error = await exchange.refusal(what, answer);
      if (seen.size === 1 && absent?.(answer.status, error)) return;
      throw error;
    }
    const page = entries(await exchange.json(answer, limits.list));
    yield page;
    empty = page.length === 0 ? empty + 1 : 0;
    if (seen.size >= mostPages || empty >= mostEmpty)
      throw new Fault("BAD_REQUEST", `${name} comes to no end when asked to ${what}`);
    const next = nextOf(answer.header("link"));
    url = next === undefined ? undefined : onEndpoint(exchange.endpoint, next, url);
  }
}

/** RFC 8288. */
function nextOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 16_384) return undefined;
  for (const [, target, parameters = ""] of header.matchAll(/<([^>]*)>((?:\s*;[^,<]*)*)/g)) {
    if (/;\s*rel\s*=\s*"?next\b/i.test(parameters)) return target;
  }
  return undefined;
}

/** A field of a page that is a list; everything else is none. */
export function listIn(page: unknown, field?: string): unknown[] {
  const value = field === undefined ? page : (page as Record<string, unknown> | null)?.[field];
  return Array.isArray(value) ? value : [];
}
