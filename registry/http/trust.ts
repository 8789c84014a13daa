import type { Context } from "koa";
import getRawBody from "raw-body";
import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { TrustAccess, TrustAction } from "../access/trust-access.ts";
import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Recorder } from "../notify/recorder.ts";
import type { Place } from "../trust/archive.ts";
import { publicJson } from "../trust/server-keys.ts";
import type { Trust } from "../trust/service.ts";
import { toUpload } from "../trust/upload.ts";
import type { FindGun } from "./guns.ts";
import { boundaryOf, partsOf } from "./multipart.ts";
import { discard } from "./oci-answer.ts";
import { sendJson, sendMetadata, sendNothing, writeTrustFault } from "./trust-answer.ts";
import { toTrustTarget, type TrustTarget } from "./trust-path.ts";

export interface TrustEdgeDeps {
  trust: Trust;
  findGun: FindGun;
  access: TrustAccess;
  authorize: Pick<Authorize, "catalog">;
  callerOf(ctx: Context): Promise<Caller>;
  recorder: Pick<Recorder, "done">;
  log: (line: LogLine) => void;
}

/** Bytes of one update: a hundred thousand tags fit. */
const largest = 32 * 2 ** 20;

/** Everything under `/v2/<gun>/_trust/`: Notary v1. Clients take nothing but 200 for success, and never 403 for a refusal. */
export function createTrustEdge(deps: TrustEdgeDeps): (ctx: Context) => Promise<void> {
  const { trust, findGun, access, authorize, callerOf, recorder, log } = deps;

  async function placeOf(ctx: Context, caller: Caller, gun: string, action: TrustAction): Promise<Place> {
    const found = findGun(gun);
    if (!found) throw ctx.method === "POST" && action === "publish" ? notOurs(ctx) : noRoute();
    const { project_id } = await access.assert(caller, action, found);
    return { ...found, project_id };
  }

  async function read(ctx: Context, target: TrustTarget, caller: Caller): Promise<void> {
    const { gun, kind } = target;
    if (kind === "key") {
      const place = await placeOf(ctx, caller, gun, "publish");
      return sendJson(ctx, publicJson(await trust.key(place, target.role)));
    }
    if (kind === "changefeed") return changes(ctx, gun, caller);
    if (kind === "collection") throw noRoute();
    const place = await placeOf(ctx, caller, gun, "read");
    if (kind === "current") sendMetadata(ctx, await trust.current(place, target.role), "current");
    else if (kind === "digest")
      sendMetadata(ctx, await trust.byDigest(place, target.role, target.sha256), "consistent");
    else sendMetadata(ctx, await trust.byVersion(place, target.role, target.version), "consistent");
  }

  async function changes(ctx: Context, gun: string, caller: Caller): Promise<void> {
    if (gun === "") await authorize.catalog(caller);
    const place = gun === "" ? undefined : await placeOf(ctx, caller, gun, "read");
    const query = new URLSearchParams(ctx.querystring);
    const asked = { records: query.get("records"), change_id: query.get("change_id") };
    sendJson(ctx, JSON.stringify(await trust.changefeed(asked, place)));
  }

  async function write(ctx: Context, target: TrustTarget, caller: Caller): Promise<void> {
    if (target.kind === "key") {
      const place = await placeOf(ctx, caller, target.gun, "manage");
      return sendJson(ctx, publicJson(await trust.nextKey(place, target.role)));
    }
    if (target.kind !== "collection") throw noRoute();
    const place = await placeOf(ctx, caller, target.gun, "publish");
    await trust.publish(place, toUpload(await partsIn(ctx)), usernameOf(caller));
    record(caller, "publish", place);
    sendNothing(ctx, 200);
  }

  async function remove(ctx: Context, target: TrustTarget, caller: Caller): Promise<void> {
    if (target.kind !== "collection") throw noRoute();
    const place = await placeOf(ctx, caller, target.gun, "manage");
    if (await trust.remove(place, usernameOf(caller))) record(caller, "delete", place);
    sendNothing(ctx, 200);
  }

  function record(caller: Caller, operation: string, { gun, project_id }: Place): void {
    recorder.done(caller, { operation, resource_type: "trust", resource: gun, project_id });
  }

  const methods: Record<string, typeof read> = { GET: read, POST: write, DELETE: remove };

  return async function edge(ctx) {
    const target = toTrustTarget(ctx.path);
    const method = methods[ctx.method];
    try {
      if (!method && ctx.method !== "HEAD" && ctx.method !== "PUT") {
        await discard(ctx.req);
        return sendNothing(ctx, 405);
      }
      if (!target || !method) throw noRoute();
      await method(ctx, target, await callerOf(ctx));
    } catch (error) {
      await discard(ctx.req);
      writeTrustFault(ctx, error, log);
    }
  };
}

const noRoute = (): Fault =>
  new Fault("METADATA_NOT_FOUND", "You have requested metadata that does not exist.");

const notOurs = (ctx: Context): Fault =>
  new Fault(
    "INVALID_GUN",
    "The server does not support actions on images of this name.",
    `Require GUNs with prefix: [${ctx.host}/]`,
  );

const usernameOf = ({ user, robot }: Caller): string => user?.username ?? robot?.name ?? "";

async function partsIn(ctx: Context) {
  const boundary = boundaryOf(ctx.get("content-type"));
  const body = boundary === undefined ? undefined : await bodyOf(ctx);
  const parts = body && partsOf(body, boundary ?? "");
  if (!parts) throw malformedUpload();
  return parts;
}

async function bodyOf(ctx: Context): Promise<Buffer | undefined> {
  const { "content-length": length, "content-encoding": encoding } = ctx.headers;
  if (encoding !== undefined && encoding !== "identity") return undefined;
  try {
    return await getRawBody(ctx.req, { length: length ?? null, limit: largest });
  } catch (error) {
    if ((error as { type?: string }).type !== "entity.too.large") return undefined;
    throw malformedUpload(`an update has at most ${largest / 2 ** 20} MiB`);
  }
}

const malformedUpload = (detail?: string): Fault =>
  new Fault("MALFORMED_UPLOAD", "The body of your request is malformed.", detail);
