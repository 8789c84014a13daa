import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import type { Archives } from "../archives/archives.ts";
import type { Outgoing } from "../archives/export.ts";
import type { ArchivePlace } from "../contract/archives.ts";
import { Fault } from "../contract/fault.ts";
import { discard, sendPieces } from "./oci-answer.ts";

/** What a tar is sent as; a form, which another site could send, is none of them. */
const types = ["application/x-tar", "application/gzip", "application/x-gzip", "application/octet-stream"];

/** Milliseconds that a connection may be silent while what came over it is being kept. */
const patience = 60 * 60_000;

const path = /^\/api\/v2\.0\/projects\/([^/]+)\/archive$/;

export function isArchive(ctx: Context): boolean {
  return path.test(ctx.path);
}

/** `/api/v2.0/projects/{project_name_or_id}/archive?repository=`: a project, or a repository of it, as a tar. */
export function createArchivesEdge(archives: Archives) {
  async function take(ctx: Context, place: ArchivePlace, caller: Caller): Promise<void> {
    if (!ctx.is(types)) {
      throw new Fault("UNSUPPORTED_MEDIA_TYPE", "send the archive as application/x-tar");
    }
    ctx.req.once("end", () => ctx.req.socket.setTimeout(patience));
    try {
      ctx.body = await archives.import(place, ctx.req, caller);
    } catch (error) {
      await discard(ctx.req);
      throw error;
    }
  }

  return async function edge(ctx: Context): Promise<void> {
    const place = placeOf(ctx);
    const caller = ctx.state.caller as Caller;
    if (ctx.method === "POST") return take(ctx, place, caller);
    if (ctx.method === "GET") {
      const outgoing = await archives.export(place, caller);
      return sendPieces(ctx, () => begin(ctx, outgoing), outgoing.pour);
    }
    if (ctx.method !== "HEAD") {
      ctx.set("Allow", "GET, HEAD, POST");
      throw new Fault("METHOD_NOT_ALLOWED", `there is no ${ctx.method} here`);
    }
    begin(ctx, await archives.plan(place, caller));
    ctx.res.end();
  };
}

function begin(ctx: Context, { name, size }: Outgoing): void {
  ctx.respond = false;
  ctx.res.writeHead(200, {
    "Content-Type": "application/x-tar",
    "Content-Length": size,
    // Names of projects and repositories are plain letters, digits, dots and dashes.
    "Content-Disposition": `attachment; filename="${name}"`,
    "Cache-Control": "private, no-store",
  });
}

/** A value that reads as a number is one, unless the client says that it is a name. Harbor API 1.5. */
function placeOf(ctx: Context): ArchivePlace {
  const [, part = ""] = path.exec(ctx.path) ?? [];
  const named = decode(part);
  const isNumber = /^\d{1,15}$/.test(named) && ctx.get("x-is-resource-name") !== "true";
  const repository = new URLSearchParams(ctx.querystring).get("repository") ?? undefined;
  return { project: isNumber ? Number(named) : named, repository };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Fault("BAD_REQUEST", "the path is not well encoded");
  }
}
