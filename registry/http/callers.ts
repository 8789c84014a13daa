import { createHmac, timingSafeEqual } from "node:crypto";
import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { robotPrefix, type Robots } from "../access/robots.ts";
import type { Sessions } from "../access/sessions.ts";
import type { Tokens } from "../access/tokens.ts";
import type { SignIn } from "../access/sign-in.ts";
import { Fault } from "../contract/fault.ts";
import type { Collections } from "../store/collections.ts";
import { originOf } from "./gate.ts";

interface Deps {
  collections: Collections;
  robots: Pick<Robots, "verify" | "ofToken">;
  signIn: SignIn;
  sessions: Sessions;
  tokens: Tokens;
  /** Binds what a page must send back to its session. */
  csrfKey: Buffer;
}

/**
 * A cookie's name. Ports share cookies: one that came over TLS has a name that a browser sends and takes over TLS alone, so
 * that nothing without it can put another in its place. RFC 6265bis 4.1.3.2.
 */
const cookieOf = (ctx: Context): string => (isSecure(ctx) ? "__Host-sid" : "sid");
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Finds out who sent a request: by a bearer token, by name and password, or by a browser's session. Credentials that are
 * there but wrong are refused, rather than taken for nobody's. A token is made for certain repositories, and so is good for
 * nothing but `/v2/`. Throws `UNAUTHORIZED`, and `FORBIDDEN` for a session's
 * request that its own page did not send.
 */
export function createCallers({ collections, robots, signIn, sessions, tokens, csrfKey }: Deps) {
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
      if (scheme === "bearer") return Object.assign(nobody, await byToken(ctx, value));
      if (scheme === "basic") return Object.assign(nobody, await byPassword(value, nobody.from));
      throw new Fault("UNAUTHORIZED", "sign in with a name and a password, or with a token");
    }
    return bySession(ctx, nobody);
  }

  async function byToken(ctx: Context, value: string): Promise<Partial<Caller>> {
    if (!/^\/v2(\/|$)/.test(ctx.path)) {
      throw new Fault("UNAUTHORIZED", "a token is for /v2/ alone: use a name and a password here");
    }
    const token = await tokens.verify(value);
    if (!token) throw new Fault("UNAUTHORIZED", "the token is not valid: ask for a new one");
    const { grants, issued, user_id, robot_id } = token;
    if (robot_id !== undefined) return { grants, issued, robot: await robots.ofToken(robot_id, issued) };
    if (user_id === undefined) return { grants, issued };
    const user = await collections.users.get(String(user_id));
    if (!user || (user.password_time !== undefined && issued < user.password_time)) {
      throw new Fault("UNAUTHORIZED", "the token is not valid any more: sign in again");
    }
    return { grants, issued, user };
  }

  async function byPassword(value: string, from: string): Promise<Partial<Caller>> {
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const [name, secret] = [text.slice(0, colon), text.slice(colon + 1)];
    if (name.startsWith(robotPrefix)) return { robot: await robots.verify(name, secret, from) };
    const user = colon > 0 ? await signIn.verify(name, secret, from) : undefined;
    if (!user) throw new Fault("UNAUTHORIZED", "the name or the password is not right");
    return { user };
  }

  async function bySession(ctx: Context, nobody: Caller): Promise<Caller> {
    const token = ctx.cookies.get(cookieOf(ctx));
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
  const secure = isSecure(ctx);
  // What ends TLS for us speaks plain HTTP with us.
  ctx.cookies.secure = secure;
  // On plain HTTP `secure` would lose the cookie. No expiry here: the session's own counts.
  const options = { httpOnly: true, sameSite: "strict", path: "/", secure, overwrite: true } as const;
  ctx.cookies.set(cookieOf(ctx), token ?? null, options);
}

function isSecure(ctx: Context): boolean {
  return originOf(ctx)?.startsWith("https:") ?? ctx.secure;
}

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
