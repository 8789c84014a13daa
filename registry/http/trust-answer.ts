import type { Context } from "koa";
import type { Grant } from "../access/caller.ts";
import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Served } from "../trust/reading.ts";
import { writeFault } from "./faults.ts";
import { send } from "./oci-answer.ts";

/** The reference's: what is current is soon another, what is asked for by digest or version never is. */
const caching = {
  current: "public, max-age=300, s-maxage=300, must-revalidate",
  consistent: "public, max-age=2592000, s-maxage=2592000",
};

/** No `ETag`, and so never a 304: clients take that for an error. */
export function sendMetadata(
  ctx: Context,
  { bytes, creation_time }: Served,
  kind: keyof typeof caching,
): void {
  send(
    ctx,
    200,
    {
      "Content-Type": "application/json",
      "Cache-Control": caching[kind],
      // A cache that many share must not hand one person's project to another.
      Vary: "Authorization",
      "Last-Modified": new Date(creation_time).toUTCString(),
    },
    bytes,
  );
}

export function sendJson(ctx: Context, text: string): void {
  send(ctx, 200, { "Content-Type": "application/json" }, text);
}

export function sendNothing(ctx: Context, status: number): void {
  send(ctx, status, {});
}

/** Writes an error as Notary's clients read it: one entry, and statuses that they know. */
export function writeTrustFault(ctx: Context, error: unknown, log: (line: LogLine) => void): void {
  const fault = error instanceof Fault ? known(ctx, error) : error;
  writeFault(ctx, fault, log);
  if (!(fault instanceof Fault) || ctx.body === "" || ctx.respond === false) return;
  if (fault.code === "UNAUTHORIZED") addReason(ctx, fault);
  const detail = fault.code === "UNAUTHORIZED" ? wanted(fault) : fault.detail;
  const entry = { code: fault.code, message: fault.message, ...(detail === undefined ? {} : { detail }) };
  ctx.body = `${JSON.stringify({ errors: [entry] })}\n`;
  ctx.type = "json";
}

/** Of any other status than 400 and 404 clients say that the server cannot be reached. */
function known({ method }: Context, fault: Fault): Fault {
  if (fault.code === "DENIED" || fault.code === "FORBIDDEN" || fault.code === "INSUFFICIENT_STORAGE") {
    const detail = { Name: "ErrValidation", Error: { Msg: fault.message } };
    return new Fault("INVALID_UPDATE", "Update sent by the client is invalid.", detail);
  }
  if (fault.code === "SERVICE_UNAVAILABLE" && method === "POST")
    return new Fault("UPDATING", "An error has occurred while updating the TUF repository.");
  return fault;
}

const grantsOf = ({ detail }: Fault): Grant[] => (Array.isArray(detail) ? (detail as Grant[]) : []);

/** As the reference lists what would have been needed. */
function wanted(fault: Fault) {
  return grantsOf(fault).flatMap(({ type, name, actions }) =>
    actions.map((Action) => ({ Type: type, Class: "", Name: name, Action })),
  );
}

/** RFC 6750 3: why the token that was sent is not enough. */
function addReason(ctx: Context, fault: Fault): void {
  const challenge = ctx.res.getHeader("www-authenticate");
  // A browser gets none.
  if (
    typeof challenge !== "string" ||
    challenge.includes("error=") ||
    !/^bearer /i.test(ctx.get("authorization"))
  )
    return;
  const reason = grantsOf(fault).length > 0 ? "insufficient_scope" : "invalid_token";
  ctx.set("WWW-Authenticate", `${challenge},error="${reason}"`);
}
