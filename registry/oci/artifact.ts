import type { ArtifactDocument, RepositoryDocument } from "../store/collections.ts";
import { isFields } from "./descriptor.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Manifest } from "./media.ts";

export interface Found {
  /** The manifests among an index's children; what else it names are blobs. */
  children: readonly ArtifactDocument[];
  /** Manifests that it names and that are to come: of an index that a proxy project keeps. */
  absent?: ReadonlySet<string>;
  /** Of an image: what its configuration tells. */
  extra_attrs: Record<string, unknown>;
}

interface Facts extends Found {
  id: number;
  repository: RepositoryDocument;
  digest: string;
  manifest: Manifest;
  /** Of the manifest, in bytes. */
  manifest_size: number;
  push_time: string;
}

/** The record of a manifest: all that lists and filters need without reading it again. Harbor API 6.1. */
export function toArtifact({
  manifest,
  repository,
  children,
  absent = new Set(),
  manifest_size,
  ...facts
}: Facts): ArtifactDocument {
  const { config, layers, subject } = manifest;
  const held = new Map(children.map((child) => [child.digest, child]));
  const isChild = ({ digest }: Descriptor): boolean => held.has(digest) || absent.has(digest);
  const blobs = [
    ...(config ? [config] : []),
    ...layers,
    ...manifest.children.filter((child) => !isChild(child)),
  ];
  let size = manifest_size;
  for (const blob of blobs) size += blob.size;
  for (const { digest } of manifest.children) size += held.get(digest)?.size ?? 0;
  return {
    ...facts,
    project_id: repository.project_id,
    repository_id: repository.id,
    repository_name: repository.name,
    media_type: config?.media_type ?? "",
    manifest_media_type: manifest.media_type,
    // Distribution spec, "Listing Referrers": of an image that has none it is the configuration's type, of an index nothing.
    artifact_type: manifest.artifact_type ?? config?.media_type ?? "",
    size,
    manifest_size,
    annotations: manifest.annotations,
    blobs: blobs.map(({ digest, media_type, size: bytes }) => ({ digest, media_type, size: bytes })),
    children: manifest.children.filter(isChild).map(toChild),
    ...(subject === undefined ? {} : { subject }),
  };
}

function toChild({ digest, platform, annotations }: Descriptor): ArtifactDocument["children"][number] {
  return { digest, ...(platform ? { platform } : {}), ...(annotations ? { annotations } : {}) };
}

const imageConfigs = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** Characters of JSON; what a configuration says beyond that is left in the blob. */
const largestAttribute = 64 * 1024;

export function isImageConfig({ media_type }: Descriptor): boolean {
  return imageConfigs.includes(media_type);
}

/** What Harbor calls `extra_attrs`. A configuration is whatever was pushed: what is not as expected is left out. */
export function extraAttrsOf(configuration: Buffer): Record<string, unknown> {
  let told: unknown;
  try {
    told = JSON.parse(configuration.toString("utf8"));
  } catch {
    return {};
  }
  if (!isFields(told)) return {};
  const attributes: Record<string, unknown> = {};
  for (const name of ["created", "architecture", "os", "author"]) {
    if (typeof told[name] === "string" && told[name].length <= largestAttribute)
      attributes[name] = told[name];
  }
  if (isFields(told.config) && JSON.stringify(told.config).length <= largestAttribute)
    attributes.config = told.config;
  return attributes;
}
