import type { Context } from "koa";
import getRawBody from "raw-body";
import { Fault } from "../contract/fault.ts";

const largest = 1024 * 1024;

/** The JSON object of a request's body, or none. Throws `UNSUPPORTED_MEDIA_TYPE`, `BAD_REQUEST`, `REQUEST_ENTITY_TOO_LARGE`. */
export async function jsonBody(ctx: Context): Promise<Record<string, unknown>> {
  const bytes = await rawBody(ctx);
  if (bytes.length === 0) return {};
  // A form of another site cannot send this type without asking first.
  if (!ctx.is("json", "+json"))
    throw new Fault("UNSUPPORTED_MEDIA_TYPE", "send the body as application/json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString("utf8"), refusePoison);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("BAD_REQUEST", "the body is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Fault("BAD_REQUEST", "the body is not a JSON object");
  }
  return parsed as Record<string, unknown>;
}

/** The fields of a form, as Harbor's sign-in sends it. */
export async function formBody(ctx: Context): Promise<Record<string, string>> {
  if (!ctx.is("urlencoded")) throw new Fault("UNSUPPORTED_MEDIA_TYPE", "send the body as a form");
  return Object.fromEntries(new URLSearchParams((await rawBody(ctx)).toString("utf8")));
}

async function rawBody(ctx: Context): Promise<Buffer> {
  const { "content-length": length, "transfer-encoding": encoding } = ctx.headers;
  if (encoding === undefined && (length === undefined || length === "0")) return Buffer.alloc(0);
  try {
    return await getRawBody(ctx.req, { length: length ?? null, limit: largest });
  } catch (error) {
    if ((error as { type?: string }).type === "entity.too.large") {
      throw new Fault("REQUEST_ENTITY_TOO_LARGE", "the body is larger than 1 MiB");
    }
    throw new Fault("BAD_REQUEST", "the body did not arrive whole");
  }
}

/** Keys that change what an object is, or that a store would take for commands. */
function refusePoison(key: string, value: unknown): unknown {
  if (key === "__proto__" || key === "constructor" || key === "prototype" || key.startsWith("$")) {
    throw new Fault("BAD_REQUEST", `the body has a field named ${key}, which is not allowed`);
  }
  return value;
}
