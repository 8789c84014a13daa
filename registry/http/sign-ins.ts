import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";

interface Deps {
  callerOf(ctx: Context): Promise<Caller>;
  signedIn(caller: Caller): void;
  failed(username: string, from: string): void;
}

/**
 * Tells of sign-ins that no operation makes: a name and a password that come with a request and are wrong, and the good ones
 * of `docker login`, which asks for a token that is for nothing yet.
 */
export function watchSignIns({ callerOf, signedIn, failed }: Deps): (ctx: Context) => Promise<Caller> {
  return async (ctx) => {
    const tried = nameTried(ctx);
    try {
      const caller = await callerOf(ctx);
      if (tried !== undefined && ctx.path === "/service/token" && !ctx.query.scope) signedIn(caller);
      return caller;
    } catch (error) {
      const wrong = error instanceof Fault && ["UNAUTHORIZED", "TOOMANYREQUESTS"].includes(error.code);
      if (tried !== undefined && wrong) failed(tried, ctx.req.socket.remoteAddress ?? "");
      throw error;
    }
  };
}

/** The name before the first colon of Basic credentials. RFC 7617 2. */
function nameTried(ctx: Context): string | undefined {
  const [, value] = /^basic +(\S*)/i.exec(ctx.get("authorization")) ?? [];
  if (value === undefined) return undefined;
  const text = Buffer.from(value, "base64").toString("utf8");
  // Without a colon it may be anything, even the password alone.
  const colon = text.indexOf(":");
  return colon < 0 ? "" : text.slice(0, colon);
}
