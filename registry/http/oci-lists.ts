import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import { imageIndex } from "../oci/media.ts";
import type { Page, Paging } from "../oci/page.ts";
import { toDigest } from "../oci/reference.ts";
import { send, type Methods } from "./oci-answer.ts";
import type { Target } from "./oci-path.ts";
import type { OciEdgeDeps } from "./oci.ts";

/** Names on a page, whatever the client asks for. */
const most = 1000;
/** Clients that name no number often follow no link either, so they get more. */
const mostUnasked = 10_000;

/** end-8, end-12, and Docker's catalog. */
export function createListEdges({ oci, authorize }: OciEdgeDeps): {
  tags: Methods;
  referrers: Methods;
  catalog: Methods;
} {
  async function tags(ctx: Context, { name }: Target, caller: Caller): Promise<void> {
    await authorize.repository(caller, "repository:pull", name);
    const paging = pagingOf(ctx);
    const page = await oci.tags.list(name, paging);
    link(ctx, paging, page);
    json(ctx, { name, tags: page.names });
  }

  async function catalog(ctx: Context, _: Target, caller: Caller): Promise<void> {
    await authorize.catalog(caller);
    const paging = pagingOf(ctx);
    const page = await oci.catalog.list(paging);
    link(ctx, paging, page);
    json(ctx, { repositories: page.names });
  }

  async function referrers(ctx: Context, { name, reference }: Target, caller: Caller): Promise<void> {
    await authorize.repository(caller, "repository:pull", name);
    const query = new URLSearchParams(ctx.querystring);
    const artifact_type = query.get("artifactType") || undefined;
    const last = numberOf(query.get("last") ?? "0");
    const { index, next } = await oci.referrers.list(name, toDigest(reference), { artifact_type, last });
    if (artifact_type !== undefined) ctx.set("OCI-Filters-Applied", "artifactType");
    if (next !== undefined)
      linkTo(ctx, { ...(artifact_type ? { artifactType: artifact_type } : {}), last: String(next) });
    json(ctx, index, imageIndex);
  }

  return {
    tags: { GET: tags, HEAD: tags },
    referrers: { GET: referrers, HEAD: referrers },
    catalog: { GET: catalog, HEAD: catalog },
  };
}

/** Throws `PAGINATION_NUMBER_INVALID`. */
function pagingOf(ctx: Context): Paging {
  const query = new URLSearchParams(ctx.querystring);
  const [asked, ...others] = query.getAll("n");
  if (others.length > 0) throw new Fault("PAGINATION_NUMBER_INVALID", "n was given more than once");
  const n = asked === undefined ? mostUnasked : Math.min(numberOf(asked), most);
  return { n, last: query.get("last") ?? undefined };
}

function numberOf(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new Fault("PAGINATION_NUMBER_INVALID", "a number of entries is digits alone, as in 100");
}

function link(ctx: Context, { n }: Paging, { names, more }: Page): void {
  const last = names.at(-1);
  if (more && last !== undefined) linkTo(ctx, { n: String(n), last });
}

/** RFC 8288; a relative link holds under whatever name the client came by. */
function linkTo(ctx: Context, query: Record<string, string>): void {
  ctx.set("Link", `<${ctx.path}?${new URLSearchParams(query).toString()}>; rel="next"`);
}

function json(ctx: Context, value: object, type = "application/json"): void {
  send(ctx, 200, { "Content-Type": type }, JSON.stringify(value));
}
