import { createHash } from "node:crypto";
import { parseOneMeaning } from "../json.ts";
import { malformed } from "./refusals.ts";

export interface Signature {
  keyid: string;
  /** In lower case. */
  method: string;
  sig: Buffer;
}

/** A document of trust data: what is signed, by what, and the very bytes that are kept, served and hashed. */
export interface Metadata {
  bytes: Buffer;
  /** As it came, with fields that nobody here knows: they are signed too. */
  signed: Readonly<Record<string, unknown>>;
  type: string;
  version: number;
  /** Milliseconds since 1970. */
  expires: number;
  signatures: readonly Signature[];
}

/** Leaves room to count on from any version that somebody jumps to. */
const largestVersion = 2 ** 48;

/** Reads uploaded or stored bytes. Throws `MALFORMED_JSON` for what has not the shape of signed metadata. */
export function toMetadata(bytes: Buffer): Metadata {
  const envelope = objectOf(parseOneMeaning(bytes, malformed));
  const signed = objectOf(envelope.signed);
  const { _type: type, version } = signed;
  if (typeof type !== "string" || !Number.isSafeInteger(version) || (version as number) > largestVersion)
    throw malformed();
  return {
    bytes,
    signed,
    type,
    version: version as number,
    expires: timeOf(signed.expires),
    signatures: listOf(envelope.signatures).map(toSignature),
  };
}

function toSignature(entry: unknown): Signature {
  const { keyid, method, sig } = objectOf(entry);
  if (typeof keyid !== "string" || typeof method !== "string") throw malformed();
  return { keyid, method: method.toLowerCase(), sig: bytesOf(sig) };
}

/** RFC 3339, to the nanosecond. */
function timeOf(value: unknown): number {
  const written =
    typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value);
  const time = written ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw malformed();
  return time;
}

export function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed();
  return value as Record<string, unknown>;
}

/** The reference writes a list that has become empty as null. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw malformed();
  return value;
}

/** Of standard, padded base64. */
export function bytesOf(value: unknown): Buffer {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0)
    throw malformed();
  return Buffer.from(value, "base64");
}

/** In hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
