import Router, { type RouterContext } from "@koa/router";
import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { contract, operationsOf } from "../contract/index.ts";
import type { Operation } from "../contract/operation.ts";
import { apiPrefix, routeOf } from "../contract/path.ts";
import { isNew, type Page } from "../contract/reply.ts";
import { jsonBody } from "./body.ts";

export type Call = (name: string, input: unknown, caller: Caller) => Promise<unknown>;

/**
 * Harbor's REST API, one route for each operation that declares one. The input is the query, the body and the path,
 * the path counting most.
 */
export function createRest(call: Call): Router {
  const router = new Router({ prefix: apiPrefix });
  // The router lets GET answer HEAD as well, unless a HEAD of its own comes before it.
  for (const heads of [true, false]) {
    for (const { name, operation } of operationsOf(contract)) {
      const { method, path } = routeOf(operation.rest ?? "");
      if ((method === "HEAD") !== heads || method === "") continue;
      router.register(path.replace(/\{(\w+)\}/g, ":$1"), [method], async (ctx: Context) => {
        const input = await inputOf(ctx);
        write(ctx, operation, input, await call(name, input, ctx.state.caller as Caller));
      });
    }
  }
  return router;
}

async function inputOf(ctx: Context): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = { ...ctx.query };
  const { project_name_or_id: project } = ctx.query;
  if (typeof project === "string") input.project_name_or_id = numberOrName(ctx, project);
  if (ctx.method !== "GET" && ctx.method !== "HEAD") Object.assign(input, await jsonBody(ctx));
  const { params } = ctx as RouterContext;
  for (const [name, value] of Object.entries(params)) {
    input[name] = name.endsWith("_name_or_id") ? numberOrName(ctx, value) : decodeAgain(value);
  }
  return input;
}

/** A value that reads as a number is one, unless the client says that it is a name. Harbor API 1.5. */
function numberOrName(ctx: Context, value: string): string | number {
  return /^\d{1,15}$/.test(value) && ctx.get("x-is-resource-name") !== "true"
    ? Number(value)
    : decodeAgain(value);
}

/** The router has decoded once; repository names come encoded twice. Harbor API 1.5. */
function decodeAgain(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function write(ctx: Context, { returns }: Operation, input: Record<string, unknown>, answer: unknown): void {
  ctx.status = isNew(returns) ? 201 : 200;
  if (isNew(returns)) ctx.set("Location", `${ctx.path}/${(answer as { id: number | string }).id}`);
  if (returns.kind === "one") ctx.body = answer;
  else if (returns.kind === "text") {
    if (returns.file !== undefined) ctx.attachment(returns.file);
    ctx.type = returns.type ?? "text/plain";
    ctx.body = answer;
  } else if (returns.kind === "page") {
    const { items, total } = answer as Page<unknown>;
    ctx.set("X-Total-Count", String(total));
    const links = linksOf(ctx, Number(input.page ?? 1), Number(input.page_size ?? 10), total);
    if (links !== "") ctx.set("Link", links);
    ctx.body = items;
  } else {
    ctx.body = "";
    ctx.remove("Content-Type");
  }
}

/** Relative, and with the query unescaped: Harbor's own client joins it so. Harbor API 1.3. */
function linksOf(ctx: Context, page: number, page_size: number, total: number): string {
  const to = (wanted: number, rel: string): string => {
    const query = new URLSearchParams(ctx.querystring);
    query.set("page", String(wanted));
    query.set("page_size", String(page_size));
    return `<${ctx.path}?${[...query].map(([key, value]) => `${key}=${headerSafe(value)}`).join("&")}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (page > 1) links.push(to(page - 1, "prev"));
  if (page * page_size < total) links.push(to(page + 1, "next"));
  return links.join(" , ");
}

/** A comma or a semicolon would split the header, and what is not ASCII may not be in one. */
function headerSafe(value: string): string {
  return value.replace(/[^\x20-\x7e]|[,;&#%<>"]/g, encodeURIComponent);
}
