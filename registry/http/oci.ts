import type { Context } from "koa";
import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { Recorder } from "../notify/recorder.ts";
import type { Oci } from "../oci/oci.ts";
import { discard, send, type Methods } from "./oci-answer.ts";
import { createBlobEdge } from "./oci-blobs.ts";
import { createListEdges } from "./oci-lists.ts";
import { createManifestEdge } from "./oci-manifests.ts";
import { toTarget, type Target } from "./oci-path.ts";
import { createUploadEdges } from "./oci-uploads.ts";

export interface OciEdgeDeps {
  oci: Oci;
  proxy: Pick<Proxy, "manifest" | "blob" | "sizeOf">;
  authorize: Pick<Authorize, "repository" | "may" | "catalog" | "login">;
  recorder: Pick<Recorder, "done">;
}

/** Everything under `/v2/`: the distribution spec's endpoints. `ctx.state.caller` says who asks. */
export function createOciEdge(deps: OciEdgeDeps): (ctx: Context) => Promise<void> {
  const edges: Record<Target["kind"], Methods> = {
    base: createBase(deps),
    manifest: createManifestEdge(deps),
    blob: createBlobEdge(deps),
    ...createUploadEdges(deps),
    ...createListEdges(deps),
  };

  return async function oci(ctx) {
    ctx.res.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
    const target = toTarget(ctx.path);
    if (!target) throw new Fault("NAME_UNKNOWN", "there is nothing at this path of the registry");
    const methods = edges[target.kind];
    const answer = methods[ctx.method];
    try {
      if (!answer) {
        ctx.set("Allow", Object.keys(methods).join(", "));
        throw new Fault("METHOD_NOT_ALLOWED", `there is no ${ctx.method} here`);
      }
      await answer(ctx, target, ctx.state.caller as Caller);
    } catch (error) {
      await discard(ctx.req);
      throw error;
    }
  };
}

/** end-1 */
function createBase({ authorize }: OciEdgeDeps): Methods {
  async function base(ctx: Context, _: Target, caller: Caller): Promise<void> {
    await authorize.login(caller);
    send(ctx, 200, { "Content-Type": "application/json" }, "{}");
  }
  return { GET: base, HEAD: base };
}
