import { z } from "zod";
import { operation } from "./operation.ts";
import { Flag, Paging } from "./paging.ts";
import { created, nothing, one, page, text } from "./reply.ts";
import { RepositoryRef } from "./repositories.ts";

export const Tag = z.object({
  id: z.number(),
  repository_id: z.number(),
  artifact_id: z.number(),
  name: z.string(),
  push_time: z.string(),
  /** `0001-01-01T00:00:00.000Z` when it was never pulled, as Harbor says it. */
  pull_time: z.string(),
  immutable: z.boolean(),
});
export type Tag = z.output<typeof Tag>;

const Platform = z.object({
  architecture: z.string().optional(),
  os: z.string().optional(),
  variant: z.string().optional(),
  "os.version": z.string().optional(),
});

/** A child of an index. */
const Reference = z.object({
  parent_id: z.number(),
  child_id: z.number(),
  child_digest: z.string(),
  platform: Platform.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** An artifact whose `subject` is another: a signature, an SBOM. */
export const Accessory = z.object({
  id: z.number(),
  artifact_id: z.number(),
  subject_artifact_id: z.number().optional(),
  subject_artifact_digest: z.string(),
  subject_artifact_repo: z.string(),
  size: z.number(),
  digest: z.string(),
  /** `signature.cosign`, `signature.notation`, else `subject.accessory`. */
  type: z.string(),
  /** What the accessory says it is. Berth's own. */
  artifact_type: z.string(),
  icon: z.string(),
  creation_time: z.string(),
});
export type Accessory = z.output<typeof Accessory>;

/** A blob that a manifest names, in its order. Berth's own. */
const Layer = z.object({ digest: z.string(), media_type: z.string(), size: z.number() });

export const Artifact = z.object({
  id: z.number(),
  /** `IMAGE`, `INDEX`, `CHART` and so on, from the type of the configuration. */
  type: z.string(),
  /** Of the configuration. */
  media_type: z.string(),
  manifest_media_type: z.string(),
  artifact_type: z.string(),
  project_id: z.number(),
  repository_id: z.number(),
  repository_name: z.string(),
  digest: z.string(),
  /** Bytes: manifest, configuration and layers; of an index, its children's sum. */
  size: z.number(),
  icon: z.string(),
  push_time: z.string(),
  pull_time: z.string(),
  extra_attrs: z.record(z.string(), z.unknown()),
  annotations: z.record(z.string(), z.string()),
  references: z.array(Reference),
  layers: z.array(Layer),
  tags: z.array(Tag),
  addition_links: z.record(z.string(), z.object({ href: z.string(), absolute: z.boolean() })),
  labels: z.array(z.unknown()),
  accessories: z.array(Accessory),
});
export type Artifact = z.output<typeof Artifact>;

/** One step of an image's history, with the bytes of the layer it made. */
export const BuildStep = z.object({
  created: z.string().optional(),
  created_by: z.string().optional(),
  comment: z.string().optional(),
  author: z.string().optional(),
  empty_layer: z.boolean().optional(),
  size: z.number().optional(),
  digest: z.string().optional(),
});
export type BuildStep = z.output<typeof BuildStep>;

/** `reference` is a tag or a digest. */
const Which = RepositoryRef.extend({ reference: z.string().min(1).max(255) });
const With = {
  with_tag: Flag.default(true),
  with_label: Flag.default(false),
  with_accessory: Flag.default(false),
  with_immutable_status: Flag.default(false),
};

export const artifacts = {
  list: operation({
    rest: "GET /projects/{project_name}/repositories/{repository_name}/artifacts",
    access: "artifact:list",
    says: "Lists a repository's artifacts, newest push first.",
    input: Paging.extend(RepositoryRef.shape).extend(With),
    returns: page(Artifact),
  }),
  get: operation({
    rest: "GET /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}",
    access: "artifact:read",
    says: "Reads one artifact by tag or digest.",
    input: Which.extend(With),
    returns: one(Artifact),
  }),
  remove: operation({
    rest: "DELETE /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}",
    access: "artifact:delete",
    says: "Deletes an artifact with all its tags.",
    input: Which,
    returns: nothing,
    records: ["delete", "artifact"],
  }),
  tags: operation({
    rest: "GET /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/tags",
    access: "tag:list",
    says: "Lists an artifact's tags.",
    input: Paging.extend(Which.shape).extend({ with_immutable_status: Flag.default(false) }),
    returns: page(Tag),
  }),
  addTag: operation({
    rest: "POST /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/tags",
    access: "tag:create",
    says: "Gives an artifact one more tag.",
    input: Which.extend({ name: z.string().min(1).max(128) }),
    returns: created,
    records: ["create", "tag"],
  }),
  removeTag: operation({
    rest: "DELETE /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/tags/{tag_name}",
    access: "tag:delete",
    says: "Removes one tag; the artifact and its other tags stay.",
    input: Which.extend({ tag_name: z.string().min(1).max(128) }),
    returns: nothing,
    records: ["delete", "tag"],
  }),
  accessories: operation({
    rest: "GET /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/accessories",
    access: "accessory:list",
    says: "Lists the signatures, SBOMs and other artifacts that refer to this one.",
    input: Paging.extend(Which.shape),
    returns: page(Accessory),
  }),
  history: operation({
    rest: "GET /projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/additions/build_history",
    access: "artifact-addition:read",
    says: "Tells the steps that built an image, with the bytes of each.",
    input: Which,
    returns: one(z.array(BuildStep)),
  }),
  manifest: operation({
    access: "artifact:read",
    says: "Reads an artifact's manifest as it was pushed.",
    input: Which,
    returns: text,
  }),
};
