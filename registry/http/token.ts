import type { Context } from "koa";
import type { Authorize } from "../access/authorize.ts";
import type { Caller, Grant } from "../access/caller.ts";
import { tokenService, type Tokens } from "../access/tokens.ts";
import type { TrustAccess } from "../access/trust-access.ts";
import { Fault } from "../contract/fault.ts";
import type { FindGun } from "./guns.ts";

interface Deps {
  authorize: Authorize;
  tokens: Tokens;
  findGun: FindGun;
  trustAccess: TrustAccess;
}

/** `GET /service/token`: a token for what the caller may do of what the scopes ask for. Harbor: rbac 8. */
export function createTokenEdge({ authorize, tokens, findGun, trustAccess }: Deps) {
  return async function token(ctx: Context): Promise<void> {
    if (ctx.method !== "GET") throw new Fault("METHOD_NOT_ALLOWED", "ask for a token with GET");
    const query = new URLSearchParams(ctx.querystring);
    const service = query.get("service");
    if (service !== null && service !== tokenService)
      throw new Fault("BAD_REQUEST", `there is no service ${service}`);
    const scopes = query
      .getAll("scope")
      .flatMap((scope) => scope.split(" "))
      .filter((scope) => scope !== "");
    const caller = ctx.state.caller as Caller;
    if (!caller.user && !caller.robot && scopes.length === 0)
      throw new Fault("UNAUTHORIZED", "sign in first");
    if (scopes.length > 100) throw new Fault("BAD_REQUEST", "that is too many scopes for one token");

    const { token, issued, seconds } = await tokens.issue(
      caller,
      await Promise.all(scopes.map((scope) => grant(caller, scope))),
    );
    ctx.set("Cache-Control", "no-store");
    ctx.body = { token, access_token: token, expires_in: seconds, issued_at: issued.toISOString() };
  };

  /** A scope cut down to what the caller may do; to nothing rather than to an error. A name may hold colons. */
  async function grant(caller: Caller, scope: string): Promise<Grant> {
    const [, type = scope, name = "", asked = ""] = /^([^:]*):(?:(.*):)?(.*)$/.exec(scope) ?? [];
    const wanted = asked.split(",");
    if (type === "repository" && /^[^/]+\/./.test(name)) {
      const held = await authorize.actions(caller, name);
      const actions = wanted.includes("*") ? held : held.filter((action) => wanted.includes(action));
      // The name of a registry may be that of a project too. Rights are looked at again at every use.
      const gun = findGun(name);
      const trusted = gun ? await trustAccess.actions(caller, gun.repository_name, wanted) : [];
      return { type, name, actions: [...new Set([...actions, ...trusted])] };
    }
    const catalog = type === "registry" && name === "catalog" && authorize.system(caller, "catalog:read");
    return { type, name, actions: catalog ? wanted : [] };
  }
}
