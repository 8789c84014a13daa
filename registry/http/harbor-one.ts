import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import { apiPrefix } from "../contract/path.ts";
import { jsonBody } from "./body.ts";
import type { Call } from "./rest.ts";

/** Whether the path is of Harbor's API as it was before version 2, which has no number. */
export function isHarborOne(path: string): boolean {
  return path.startsWith("/api/") && !path.startsWith(`${apiPrefix}/`);
}

/**
 * The two things that a Harbor 1.x asks for when it replicates into another: that there be a project, and that a repository or a
 * tag be deleted. The rest it does by `/v2/`. Harbor API 22.5.
 */
export function createHarborOne(call: Call) {
  async function createProject(ctx: Context, caller: Caller): Promise<void> {
    // Its client does not say what it sends.
    ctx.req.headers["content-type"] ??= "application/json";
    await call("projects.create", await jsonBody(ctx), caller);
    ctx.status = 201;
  }

  async function remove(ctx: Context, caller: Caller): Promise<void> {
    const { repo_name: name, tag } = ctx.query;
    const at = typeof name === "string" ? name.indexOf("/") : -1;
    if (typeof name !== "string" || at < 1) throw new Fault("BAD_REQUEST", "repo_name is project/repository");
    const which = { project_name: name.slice(0, at), repository_name: name.slice(at + 1) };
    if (tag === undefined) await call("repositories.remove", which, caller);
    else await call("artifacts.removeTag", { ...which, reference: tag, tag_name: tag }, caller);
    ctx.status = 200;
  }

  return async function harborOne(ctx: Context): Promise<void> {
    const caller = ctx.state.caller as Caller;
    const path = ctx.path.replace(/\/$/, "");
    if (path === "/api/projects" && ctx.method === "POST") await createProject(ctx, caller);
    else if (path === "/api/repositories" && ctx.method === "DELETE") await remove(ctx, caller);
    else throw new Fault("NOT_FOUND", `there is no ${ctx.method} ${ctx.path}`);
    ctx.body = "";
  };
}
