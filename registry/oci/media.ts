import { Fault } from "../contract/fault.ts";
import type { Descriptor, Fields } from "./descriptor.ts";
import { assertSpelling, invalid, toAnnotations, toDescriptor, toFields } from "./descriptor.ts";
import { parseOneMeaning } from "./json.ts";

export const imageManifest = "application/vnd.oci.image.manifest.v1+json";
export const imageIndex = "application/vnd.oci.image.index.v1+json";
const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

const kinds: ReadonlyMap<string, "image" | "index"> = new Map([
  [imageManifest, "image"],
  [dockerManifest, "image"],
  [imageIndex, "index"],
  [dockerList, "index"],
]);

/** Bytes. The spec wants at least 4 megabytes accepted, and some limit. */
export const largestManifest = 4 * 2 ** 20;

export interface Manifest {
  kind: "image" | "index";
  media_type: string;
  artifact_type?: string;
  config?: Descriptor;
  layers: Descriptor[];
  children: Descriptor[];
  /** The digest of the manifest that this one is about. */
  subject?: string;
  annotations: Record<string, string>;
}

const names = [
  "schemaVersion",
  "mediaType",
  "artifactType",
  "config",
  "layers",
  "manifests",
  "subject",
  "annotations",
];

/**
 * Reads a manifest that has exactly one meaning: what its `Content-Type`, its `mediaType` and its fields say agrees.
 * Fields it does not know are let pass, as the image spec asks. Throws `MANIFEST_INVALID`.
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const said = essenceOf(contentType);
  if (said !== undefined && !kinds.has(said)) throw unknownType(said);
  const fields = toFields(parseOneMeaning(bytes), "it");
  assertSpelling(fields, names, "it");
  if (fields.schemaVersion === 1) throw unknownType("schema 1");
  if (fields.schemaVersion !== 2) throw invalid("its schemaVersion is not 2");
  const media_type = mediaTypeOf(fields, said);
  const kind = kinds.get(media_type) ?? "image";
  assertKind(fields, kind, media_type);
  return { kind, media_type, ...contentOf(fields, kind) };
}

/** Whether a client fetches this layer from elsewhere, so that the registry need not have it. */
export function isForeign({ media_type }: Descriptor): boolean {
  return media_type.includes(".nondistributable.") || media_type.includes(".foreign.");
}

function mediaTypeOf(fields: Fields, said: string | undefined): string {
  const { mediaType } = fields;
  if (mediaType === undefined) {
    const shape = "manifests" in fields ? imageIndex : imageManifest;
    // A Docker manifest must say what it is, so bytes that do not are OCI's, and always of the same type.
    if (said !== undefined && said !== shape)
      throw invalid(`it has no mediaType, and looks like ${shape}, not ${said}`);
    return shape;
  }
  if (typeof mediaType !== "string") throw invalid("its mediaType is not a text");
  if (!kinds.has(mediaType)) throw unknownType(mediaType);
  if (said !== undefined && said !== mediaType) {
    throw invalid(`its mediaType is ${mediaType}, but it was sent as ${said}`);
  }
  return mediaType;
}

function assertKind(fields: Fields, kind: Manifest["kind"], media_type: string): void {
  const foreign = kind === "image" ? ["manifests"] : ["layers", "config"];
  const odd = foreign.find((name) => name in fields);
  if (odd !== undefined) throw invalid(`${media_type} has no ${odd}`);
  // What schema 1 had: a reader of schema 1 would see another image in the same bytes.
  if ("fsLayers" in fields || "history" in fields) throw invalid("it has the fields of a schema 1 manifest");
}

function contentOf(fields: Fields, kind: Manifest["kind"]): Omit<Manifest, "kind" | "media_type"> {
  const { artifactType, subject } = fields;
  if (artifactType !== undefined && typeof artifactType !== "string")
    throw invalid("its artifactType is not a text");
  return {
    ...(artifactType ? { artifact_type: artifactType } : {}),
    ...(kind === "image" ? { config: toDescriptor(fields.config, "config") } : {}),
    layers: toDescriptors(fields.layers, "layers"),
    children: toDescriptors(fields.manifests, "manifests"),
    ...(subject === undefined || subject === null
      ? {}
      : { subject: toDescriptor(subject, "subject").digest }),
    annotations: toAnnotations(fields.annotations, "it"),
  };
}

/** An absent list is an empty one: Go writes `null` for a slice that was never filled. */
function toDescriptors(value: unknown, where: string): Descriptor[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${where} is not a list`);
  return value.map((entry, index) => toDescriptor(entry, `${where}[${index}]`));
}

/** The registry ignores parameters of the `Content-Type`, as the spec says. */
function essenceOf(contentType: string | undefined): string | undefined {
  const essence = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  return essence === "" ? undefined : essence;
}

function unknownType(type: string): Fault {
  if (type === "schema 1" || type.startsWith("application/vnd.docker.distribution.manifest.v1+")) {
    return new Fault(
      "MANIFEST_INVALID",
      "manifests of Docker's schema 1 are not accepted: push with Docker 1.10 or newer, or convert the image to OCI",
    );
  }
  return new Fault(
    "MANIFEST_INVALID",
    `${type.slice(0, 200)} is not a type of manifest that this registry keeps`,
  );
}
