import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import type { Sessions } from "../access/sessions.ts";
import type { Tokens } from "../access/tokens.ts";
import type { Users } from "../access/users.ts";
import { Fault } from "../contract/fault.ts";
import type { Collections } from "../store/collections.ts";

interface Deps {
  collections: Collections;
  users: Users;
  sessions: Sessions;
  tokens: Tokens;
  /** Binds what a page must send back to its session. */
  csrfKey: Buffer;
}

const cookie = "sid";
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Finds out who sent a request: by a bearer token, by name and password, or by a browser's session. Credentials that are
 * there but wrong are refused, rather than taken for nobody's. Throws `UNAUTHORIZED`, and `FORBIDDEN` for a session's
 * request that its own page did not send.
 */
export function createCallers({ collections, users, sessions, tokens, csrfKey }: Deps) {
  async function callerOf(ctx: Context): Promise<Caller> {
    const nobody: Caller = {
      from: ctx.req.socket.remoteAddress ?? "",
      agent: ctx.get("user-agent"),
      keep: (token) => Promise.resolve(keep(ctx, token)),
    };
    const authorization = ctx.headers.authorization;
    if (authorization !== undefined) {
      const space = authorization.indexOf(" ");
      const scheme = authorization.slice(0, space).toLowerCase();
      const value = authorization.slice(space).trimStart();
      if (scheme === "bearer") return Object.assign(nobody, await byToken(value));
      if (scheme === "basic") return Object.assign(nobody, await byPassword(value));
      throw new Fault("UNAUTHORIZED", "sign in with a name and a password, or with a token");
    }
    return bySession(ctx, nobody);
  }

  async function byToken(value: string): Promise<Partial<Caller>> {
    const token = await tokens.verify(value);
    if (!token) throw new Fault("UNAUTHORIZED", "the token is not valid: ask for a new one");
    const { grants, issued, user_id } = token;
    if (user_id === undefined) return { grants, issued };
    const user = await collections.users.get(String(user_id));
    if (!user || (user.password_time !== undefined && issued < user.password_time)) {
      throw new Fault("UNAUTHORIZED", "the token is not valid any more: sign in again");
    }
    return { grants, issued, user };
  }

  async function byPassword(value: string): Promise<Partial<Caller>> {
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const user = colon > 0 ? await users.verify(text.slice(0, colon), text.slice(colon + 1)) : undefined;
    if (!user) throw new Fault("UNAUTHORIZED", "the name or the password is not right");
    return { user };
  }

  async function bySession(ctx: Context, nobody: Caller): Promise<Caller> {
    const token = ctx.cookies.get(cookie);
    const session = token === undefined ? undefined : await sessions.find(token);
    const user = session && (await collections.users.get(String(session.user_id)));
    if (!session || !user) return nobody;
    const proof = createHmac("sha256", csrfKey).update(session.hash).digest("base64url");
    ctx.set("X-Harbor-CSRF-Token", proof);
    if (!safe.has(ctx.method) && !equal(ctx.get("x-harbor-csrf-token"), proof)) {
      throw new Fault(
        "FORBIDDEN",
        "the CSRF token is missing or old: take the one of this answer and send it again",
      );
    }
    return { ...nobody, user, session: session.hash };
  }

  return callerOf;
}

function keep(ctx: Context, token: string | undefined): void {
  // Plain HTTP on localhost: `secure` would lose the cookie. No expiry here: the session's own counts.
  const options = { httpOnly: true, sameSite: "strict", path: "/", secure: false, overwrite: true } as const;
  ctx.cookies.set(cookie, token ?? null, options);
}

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
