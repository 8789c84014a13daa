import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { toDigest } from "../oci/reference.ts";
import type { ProjectDocument } from "../store/collections.ts";
import { isKnown, send, sendPieces, type Methods } from "./oci-answer.ts";
import type { Target } from "./oci-path.ts";
import type { OciEdgeDeps } from "./oci.ts";
import { rangeOf } from "./range.ts";

/** end-2, end-10 */
export function createBlobEdge({ oci, proxy, authorize, recorder }: OciEdgeDeps): Methods {
  /** Bytes, and whether they are here: a proxy project may have to fetch them. */
  async function find(project: ProjectDocument, name: string, digest: string) {
    try {
      return { size: await oci.blobs.size(name, digest), here: true };
    } catch (error) {
      const size = project.registry_id === undefined ? undefined : proxy.sizeOf(name, digest);
      if (size === undefined) throw error;
      return { size, here: false };
    }
  }

  async function read(ctx: Context, { name, reference }: Target, caller: Caller): Promise<void> {
    const project = await authorize.repository(caller, "repository:pull", name);
    const digest = toDigest(reference);
    const { size, here } = await find(project, name, digest);
    const headers = headersOf(digest);
    if (isKnown(ctx, digest)) return send(ctx, 304, headers);
    // A part makes sense only beside a part of the same bytes. RFC 9110 13.1.5
    const asked = ctx.get("if-range") || headers.ETag;
    ctx.set("Content-Range", `bytes */${size}`); // For a range that cannot be satisfied.
    const range = asked === headers.ETag ? rangeOf(ctx.headers.range, size) : undefined;
    ctx.remove("Content-Range");
    const part = range ? { "Content-Range": `bytes ${range.start}-${range.end}/${size}` } : {};
    const length = range ? range.end - range.start + 1 : size;
    const begin = (): void => {
      ctx.respond = false;
      ctx.res.writeHead(range ? 206 : 200, { ...headers, ...part, "Content-Length": length });
    };
    if (ctx.method === "HEAD" || size === 0) {
      begin();
      ctx.res.end();
      return;
    }
    // The headers wait for the first bytes: until then a fault can be told.
    await sendPieces(ctx, begin, async (take) => {
      // What is being fetched goes on to the client as it comes; a part of it only once it is all here.
      const given = here || (await proxy.blob(project, name, digest, range ? undefined : take)).given;
      if (here || !given) await oci.blobs.pour(digest, range, take);
    });
  }

  async function remove(ctx: Context, { name, reference }: Target, caller: Caller): Promise<void> {
    const { project_id } = await authorize.repository(caller, "repository:delete", name);
    await oci.blobs.remove(name, toDigest(reference));
    const resource = `${name}@${reference}`;
    recorder.done(caller, { operation: "delete", resource_type: "blob", resource, project_id });
    send(ctx, 202, {});
  }

  return { GET: read, HEAD: read, DELETE: remove };
}

/** A blob is whatever was pushed: a browser that is led to one must neither guess what it is nor run it. */
function headersOf(digest: string) {
  return {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=31536000, immutable",
  };
}
