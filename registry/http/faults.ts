import { randomUUID } from "node:crypto";
import type { Context } from "koa";
import type { Grant } from "../access/caller.ts";
import { tokenService } from "../access/tokens.ts";
import { type Fault, toFault } from "../contract/fault.ts";
import type { LogLine } from "../config.ts";
import { originOf } from "./gate.ts";

/** The id under which a request is found in the log: the client's own, if it sent a plain one. */
export function requestId(ctx: Context): string {
  const sent = ctx.get("x-request-id");
  return /^[\w.:-]{1,64}$/.test(sent) ? sent : randomUUID();
}

/**
 * Writes an error as OCI, Harbor and Notary all do. One that comes after the headers are out destroys the connection:
 * nobody may take half a body for a whole one.
 */
export function writeFault(ctx: Context, error: unknown, log: (line: LogLine) => void): void {
  const fault = toFault(error);
  const id = ctx.response.get("x-request-id");
  if (fault.code === "UNKNOWN" && !isBrokenPipe(error)) {
    const stack = error instanceof Error ? error.stack : String(error);
    log({ level: "error", message: "request failed", id, method: ctx.method, path: ctx.path, stack });
  }
  if (ctx.headerSent || ctx.res.headersSent) {
    ctx.res.destroy();
    ctx.respond = false;
    return;
  }
  ctx.status = fault.status;
  const challenge = fault.code === "UNAUTHORIZED" ? challengeOf(ctx, fault) : undefined;
  if (challenge) ctx.set("WWW-Authenticate", challenge);
  if (fault.code === "MISDIRECTED_REQUEST" || (fault.code === "FORBIDDEN" && isForeign(ctx))) {
    // A foreign page learns nothing, not even that Berth is here.
    ctx.body = "";
    ctx.remove("X-Request-Id");
    return;
  }
  ctx.body = { errors: [fault.toJSON()] };
  // What is left of a refused body would be read as the next request.
  if (!ctx.req.complete) ctx.set("Connection", "close");
}

function isForeign(ctx: Context): boolean {
  const { origin, "sec-fetch-site": site } = ctx.headers;
  return (origin !== undefined && origin !== originOf(ctx)) || site === "cross-site" || site === "same-site";
}

/** Where to get a token, and for what. The realm has the name by which the client came. Harbor: rbac 9. */
function challengeOf(ctx: Context, fault: Fault): string | undefined {
  // A browser would ask for a password in a window of its own.
  if (!ctx.path.startsWith("/v2") || ctx.get("sec-fetch-mode") !== "") return undefined;
  const scopes = Array.isArray(fault.detail) ? (fault.detail as Grant[]) : [];
  const scope = scopes.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`).join(" ");
  const realm = `${originOf(ctx) ?? ctx.origin}/service/token`;
  return `Bearer realm="${realm}",service="${tokenService}"${scope === "" ? "" : `,scope="${scope}"${reasonOf(ctx, fault)}`}`;
}

/** An answer to `HEAD` has no body to tell why a token is not enough. RFC 6750 3. */
function reasonOf(ctx: Context, fault: Fault): string {
  if (ctx.method !== "HEAD" || !/^bearer /i.test(ctx.get("authorization"))) return "";
  return `,error="insufficient_scope",error_description="${fault.message.replace(/[^ !#-[\]-~]/g, "")}"`;
}

function isBrokenPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  return ["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ECONNABORTED"].includes(code);
}
