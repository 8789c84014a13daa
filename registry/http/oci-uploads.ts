import type { Context } from "koa";
import type { Caller, Grant } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Place } from "../oci/blobs.ts";
import { isName, toDigest } from "../oci/reference.ts";
import type { Piece } from "../oci/uploads.ts";
import type { Upload } from "../store/blobs.ts";
import { send, type Methods } from "./oci-answer.ts";
import type { Target } from "./oci-path.ts";
import type { OciEdgeDeps } from "./oci.ts";

/** end-4, end-5, end-6, end-11, end-13, end-14 */
export function createUploadEdges({ oci, authorize }: OciEdgeDeps): { uploads: Methods; upload: Methods } {
  const { blobs, uploads } = oci;

  async function begin(ctx: Context, { name }: Target, caller: Caller): Promise<void> {
    const query = new URLSearchParams(ctx.querystring);
    const mount = query.get("mount");
    const from = mount === null ? undefined : (query.get("from") ?? undefined);
    const place = await toPlace(name, caller, from);
    assertAlgorithm(query.get("digest-algorithm"));
    if (mount !== null && (await mounted(toDigest(mount), place, from, caller)))
      return created(ctx, name, mount);
    const digest = query.get("digest");
    if (digest !== null) return whole(ctx, place, toDigest(digest), caller);
    progress(ctx, await uploads.begin(place, userOf(caller)));
    send(ctx, 202, {});
  }

  /** A challenge names the source of a mount beside its target, since some clients ask for a token but once. */
  async function toPlace(name: string, caller: Caller, from?: string): Promise<Place> {
    try {
      return { name, project: await authorize.repository(caller, "repository:push", name) };
    } catch (error) {
      if (from === undefined || !isName(from) || !isUnauthorized(error)) throw error;
      const scopes = Array.isArray(error.detail) ? (error.detail as Grant[]) : [];
      throw new Fault(error.code, error.message, [
        ...scopes,
        { type: "repository", name: from, actions: ["pull"] },
      ]);
    }
  }

  async function mounted(
    digest: string,
    place: Place,
    from: string | undefined,
    caller: Caller,
  ): Promise<boolean> {
    if (from !== undefined && !isName(from)) return false;
    const target: Grant = { type: "repository", name: place.name, actions: ["pull", "push"] };
    return blobs.mount(digest, place, from, async (name) => {
      try {
        return await authorize.may(caller, "repository:pull", name, [target]);
      } catch (error) {
        // To ask for a wider token would tell a narrow one where the blob is.
        if (from === undefined && isUnauthorized(error)) return false;
        throw error;
      }
    });
  }

  /** end-4b: a blob in one request. */
  async function whole(ctx: Context, place: Place, digest: string, caller: Caller): Promise<void> {
    const upload = await uploads.begin(place, userOf(caller));
    try {
      await uploads.append(upload, pieceOf(ctx));
      await uploads.finish(upload, digest, place);
    } catch (error) {
      await upload.cancel();
      throw error;
    }
    created(ctx, place.name, digest);
  }

  async function locate(
    { name, reference }: Target,
    caller: Caller,
  ): Promise<{ place: Place; upload: Upload }> {
    const place = await toPlace(name, caller);
    return { place, upload: await uploads.locate(reference, name, userOf(caller)) };
  }

  /** Adds the request's bytes. The answer tells how far the upload is, whether or not it took them. */
  async function append(ctx: Context, upload: Upload): Promise<void> {
    try {
      await uploads.append(upload, pieceOf(ctx));
    } finally {
      progress(ctx, upload);
    }
  }

  async function take(ctx: Context, target: Target, caller: Caller): Promise<void> {
    const { upload } = await locate(target, caller);
    await append(ctx, upload);
    send(ctx, 202, {});
  }

  async function finish(ctx: Context, target: Target, caller: Caller): Promise<void> {
    const digest = toDigest(new URLSearchParams(ctx.querystring).get("digest"));
    const { place, upload } = await locate(target, caller);
    if (hasBody(ctx)) await append(ctx, upload);
    await uploads.finish(upload, digest, place);
    ctx.remove("Range");
    created(ctx, target.name, digest);
  }

  async function status(ctx: Context, target: Target, caller: Caller): Promise<void> {
    progress(ctx, (await locate(target, caller)).upload);
    send(ctx, 204, {});
  }

  async function cancel(ctx: Context, target: Target, caller: Caller): Promise<void> {
    await (await locate(target, caller)).upload.cancel();
    send(ctx, 204, {});
  }

  return {
    uploads: { POST: begin },
    upload: { GET: status, HEAD: status, PATCH: take, PUT: finish, DELETE: cancel },
  };
}

function progress(ctx: Context, { id, about, size }: Upload): void {
  ctx.set("Location", `/v2/${about.repository_name}/blobs/uploads/${id}`);
  // Of an empty upload the spec says nothing; this is what clients know.
  ctx.set("Range", `0-${Math.max(size - 1, 0)}`);
  ctx.set("Docker-Upload-UUID", id);
}

function created(ctx: Context, name: string, digest: string): void {
  send(ctx, 201, { Location: `/v2/${name}/blobs/${digest}`, "Docker-Content-Digest": digest });
}

/** Whose upload it is: a robot's number may be a user's as well. */
function userOf({ user, robot }: Caller): string {
  return robot ? `robot ${robot.id}` : String(user?.user_id ?? "");
}

function pieceOf(ctx: Context): Piece {
  const { "content-length": length, "content-range": range } = ctx.headers;
  return { bytes: ctx.req, length: length === undefined ? undefined : Number(length), range };
}

function hasBody(ctx: Context): boolean {
  return ctx.headers["transfer-encoding"] !== undefined || Number(ctx.headers["content-length"] ?? 0) > 0;
}

/** end-4c. Any algorithm that a digest may have is taken at the end, announced or not. */
function assertAlgorithm(algorithm: string | null): void {
  if (algorithm === null || algorithm === "sha256" || algorithm === "sha512") return;
  throw new Fault("DIGEST_INVALID", "the digest-algorithm is sha256 or sha512");
}

function isUnauthorized(error: unknown): error is Fault {
  return error instanceof Fault && error.code === "UNAUTHORIZED";
}
