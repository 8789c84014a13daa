import Koa, { type Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import { apiPrefix } from "../contract/path.ts";
import type { LogLine } from "../config.ts";
import { isArchive } from "./archives.ts";
import { formBody } from "./body.ts";
import { requestId, writeFault } from "./faults.ts";
import { createHarborOne, isHarborOne } from "./harbor-one.ts";
import { describeApi } from "../contract/openapi.ts";
import { createRest, type Call } from "./rest.ts";
import { isTrustPath } from "./trust-path.ts";

type Edge = (ctx: Context) => Promise<void> | void;

interface Deps {
  gate: Edge;
  callerOf(ctx: Context): Promise<Caller>;
  call: Call;
  oci: Edge;
  token: Edge;
  trust: Edge;
  events: Edge;
  archives: Edge;
  /** Absent when there are no built pages to serve. */
  pages: Edge | undefined;
  version: string;
  log: (line: LogLine) => void;
}

/** Everything that comes over HTTP, in the order it is looked at: may it come in, who is it, what does it want. */
export function createApp(deps: Deps): Koa {
  const { gate, callerOf, call, oci, token, trust, events, archives, pages, version, log } = deps;
  const app = new Koa();
  app.silent = true;
  const rest = createRest(call).routes();
  const harborOne = createHarborOne(call);
  let description: object | undefined;

  async function api(ctx: Context): Promise<void> {
    if (ctx.path === `${apiPrefix}/events` && ctx.method === "GET") return events(ctx);
    if (isArchive(ctx)) return archives(ctx);
    if (ctx.path === `${apiPrefix}/openapi.json`) {
      ctx.body = description ??= describeApi(version);
      return;
    }
    await rest(ctx as Parameters<typeof rest>[0], () => {
      throw new Fault("NOT_FOUND", `there is no ${ctx.method} ${ctx.path}`);
    });
  }

  /** Harbor's sign-in and sign-out of a browser. Harbor API 2.2. */
  async function harborSession(ctx: Context): Promise<void> {
    const caller = ctx.state.caller as Caller;
    if (ctx.path === "/c/login" && ctx.method === "POST")
      await call("session.open", await formBody(ctx), caller);
    else if (ctx.path === "/c/log_out") await call("session.close", {}, caller);
    else throw new Fault("NOT_FOUND", "there is no such page");
    ctx.status = 200;
    ctx.body = "";
  }

  async function route(ctx: Context): Promise<void> {
    const { path } = ctx;
    if (path === "/api/version") {
      ctx.body = { version: "v2.0" };
      return;
    }
    if (path === "/_notary_server/health") {
      ctx.body = {};
      return;
    }
    // These say in their own way that credentials are wrong.
    if (isTrustPath(path)) return trust(ctx);
    ctx.state.caller = await callerOf(ctx);
    if (path.startsWith("/v2/") || path === "/v2") return oci(ctx);
    if (path === "/service/token") return token(ctx);
    if (isHarborOne(path)) return harborOne(ctx);
    if (path.startsWith("/api/")) return api(ctx);
    if (path.startsWith("/c/")) return harborSession(ctx);
    if (pages) return pages(ctx);
    throw new Fault("NOT_FOUND", "this registry serves no pages");
  }

  app.use(async (ctx) => {
    // Past Koa's own `set`: every request comes by here.
    ctx.res.setHeader("X-Request-Id", requestId(ctx));
    ctx.res.setHeader("X-Content-Type-Options", "nosniff");
    ctx.res.setHeader("X-Frame-Options", "DENY");
    ctx.res.setHeader("Referrer-Policy", "no-referrer");
    ctx.res.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    try {
      // A trust server's address that ends with a slash makes such paths, and its clients follow no redirect.
      if (/^\/\/+v2\//.test(ctx.path)) ctx.path = ctx.path.replace(/^\/+/, "/");
      await gate(ctx);
      await route(ctx);
    } catch (error) {
      writeFault(ctx, error, log);
    }
  });
  // A body that breaks on its way out comes here, after the headers.
  app.on("error", (error: Error, ctx?: Context) => {
    if (ctx) writeFault(ctx, error, log);
  });
  return app;
}
