import { createHash } from "node:crypto";
import { Fault } from "../contract/fault.ts";
import { algorithmOf, isDigest } from "./reference.ts";

/** Image spec, "OCI Content Descriptors". `size` is in bytes. */
export interface Descriptor {
  media_type: string;
  digest: string;
  size: number;
  platform?: Record<string, unknown>;
  annotations?: Record<string, string>;
}

export type Fields = Record<string, unknown>;

const names = ["mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"];

/** `where` names the descriptor in a refusal: `config`, `layers[2]`. Throws `MANIFEST_INVALID`. */
export function toDescriptor(value: unknown, where: string): Descriptor {
  const fields = toFields(value, where);
  assertSpelling(fields, names, where);
  const { mediaType, digest, size, platform } = fields;
  if (typeof mediaType !== "string" || mediaType === "") throw invalid(`${where} has no mediaType`);
  if (typeof digest !== "string" || !isDigest(digest))
    throw invalid(`${where} has no sha256 or sha512 digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`${where} has no size in bytes`);
  assertData(fields.data, { digest, size }, where);
  const annotations = toAnnotations(fields.annotations, where);
  return {
    media_type: mediaType,
    digest,
    size,
    ...(isFields(platform) ? { platform } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

/** Throws `MANIFEST_INVALID` when a value is no text. */
export function toAnnotations(value: unknown, where: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  const fields = toFields(value, `annotations of ${where}`);
  const odd = Object.keys(fields).find((key) => typeof fields[key] !== "string");
  if (odd !== undefined) throw invalid(`annotation ${odd.slice(0, 100)} of ${where} is not a text`);
  return fields as Record<string, string>;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function toFields(value: unknown, where: string): Fields {
  if (isFields(value)) return value;
  throw invalid(`${where} is not an object`);
}

/**
 * Refuses a key that is one of `known` but for upper and lower case: Go's JSON reader, which most clients use,
 * takes `Layers` for `layers`, others do not, and one digest would have two meanings (GHSA-qq97-vm5h-rrhg).
 */
export function assertSpelling(fields: Fields, known: readonly string[], where: string): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue;
    const meant = known.find((name) => fold(name) === fold(key));
    if (meant !== undefined) throw invalid(`${where} spells ${meant} as ${key}`);
  }
}

/** Also brings the long s and the Kelvin sign to the letters for which Go takes them. */
function fold(text: string): string {
  return text.toLowerCase().toUpperCase();
}

/** Image spec: embedded data must be what digest and size say, and clients may read it in place of the blob. */
function assertData(data: unknown, { digest, size }: { digest: string; size: number }, where: string): void {
  if (data === undefined || data === null) return;
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : Buffer.alloc(0);
  const hash = createHash(algorithmOf(digest)).update(bytes).digest("hex");
  if (typeof data !== "string" || bytes.length !== size || !digest.endsWith(hash)) {
    throw invalid(`the data of ${where} is not what its digest and size say`);
  }
}

export function invalid(why: string): Fault {
  return new Fault("MANIFEST_INVALID", `the manifest is not valid: ${why}`);
}
