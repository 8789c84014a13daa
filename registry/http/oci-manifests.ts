import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import { largestManifest } from "../oci/media.ts";
import { isTag, toDigest } from "../oci/reference.ts";
import type { Proxied } from "../proxy/proxy.ts";
import type { ProjectDocument } from "../store/collections.ts";
import { isKnown, send, type Methods } from "./oci-answer.ts";
import type { Target } from "./oci-path.ts";
import type { OciEdgeDeps } from "./oci.ts";

/** end-3, end-7, end-9 */
export function createManifestEdge({ oci, proxy, authorize, recorder }: OciEdgeDeps): Methods {
  async function find(project: ProjectDocument, name: string, reference: string): Promise<Proxied> {
    if (project.registry_id !== undefined) return proxy.manifest(project, name, reference);
    const kept = await oci.manifests.find(name, reference);
    const { digest, manifest_media_type: media_type } = kept.artifact;
    return { digest, media_type, bytes: kept.bytes, kept };
  }

  async function read(ctx: Context, { name, reference }: Target, caller: Caller): Promise<void> {
    const project = await authorize.repository(caller, "repository:pull", name);
    const { digest, media_type, bytes, kept } = await find(project, name, reference);
    const headers = { "Docker-Content-Digest": digest, ETag: `"${digest}"` };
    if (isKnown(ctx, digest)) return send(ctx, 304, headers);
    if (ctx.method === "GET") {
      if (kept) oci.pulls.count(kept.artifact, kept.tag);
      const resource = isTag(reference) ? `${name}:${reference}` : `${name}@${digest}`;
      const { project_id } = project;
      recorder.done(caller, { operation: "pull", resource_type: "artifact", resource, project_id });
    }
    send(ctx, 200, { "Content-Type": media_type, ...headers }, bytes);
  }

  async function write(ctx: Context, { name, reference }: Target, caller: Caller): Promise<void> {
    const project = await authorize.repository(caller, "repository:push", name);
    const tags = new URLSearchParams(ctx.querystring).getAll("tag");
    const pushed = { reference, tags, content_type: ctx.headers["content-type"], bytes: await bodyOf(ctx) };
    const { digest, subject } = await oci.manifests.put({ project, name }, pushed);
    const named = [...(reference.includes(":") ? [] : [reference]), ...tags].map((tag) => `${name}:${tag}`);
    const { project_id } = project;
    for (const resource of named.length > 0 ? new Set(named) : [`${name}@${digest}`])
      recorder.done(caller, { operation: "push", resource_type: "artifact", resource, project_id });
    send(ctx, 201, {
      Location: `/v2/${name}/manifests/${digest}`,
      "Docker-Content-Digest": digest,
      ...(subject === undefined ? {} : { "OCI-Subject": subject }),
      ...(tags.length === 0 ? {} : { "OCI-Tag": tags.join(", ") }),
    });
  }

  async function remove(ctx: Context, { name, reference }: Target, caller: Caller): Promise<void> {
    const { project_id } = await authorize.repository(caller, "repository:delete", name);
    const repository = await oci.repositories.locate(name);
    const byDigest = reference.includes(":");
    if (byDigest) await oci.manifests.remove(repository, toDigest(reference));
    else await oci.tags.remove(repository, reference);
    const resource = `${name}${byDigest ? "@" : ":"}${reference}`;
    const resource_type = byDigest ? "artifact" : "tag";
    recorder.done(caller, { operation: "delete", resource_type, resource, project_id });
    send(ctx, 202, {});
  }

  return { GET: read, HEAD: read, PUT: write, DELETE: remove };
}

/** Throws `MANIFEST_TOO_LARGE` without keeping more than the limit in memory. */
async function bodyOf(ctx: Context): Promise<Buffer> {
  const tooLarge = new Fault("MANIFEST_TOO_LARGE", `a manifest has at most ${largestManifest / 2 ** 20} MiB`);
  if (Number(ctx.headers["content-length"] ?? 0) > largestManifest) throw tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestManifest) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
