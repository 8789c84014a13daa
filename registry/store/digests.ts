import { createHash } from "node:crypto";
import { Fault } from "../contract/fault.ts";

export interface Digest {
  algorithm: "sha256" | "sha512";
  hex: string;
}

/** Reads a digest in its one spelling, so that a path may be made of it. Throws `DIGEST_INVALID`. OCI image spec, digests. */
export function parseDigest(digest: string): Digest {
  const [, algorithm, hex] = /^(sha256|sha512):([0-9a-f]{64}|[0-9a-f]{128})$/.exec(digest) ?? [];
  if (!hex || (algorithm !== "sha256" && algorithm !== "sha512") || hex.length !== hexLength[algorithm]) {
    throw new Fault("DIGEST_INVALID", "a digest is sha256: or sha512: and lower-case hexadecimal digits");
  }
  return { algorithm, hex };
}

const hexLength = { sha256: 64, sha512: 128 };
const emptyHex = { sha256: hexOf("sha256", ""), sha512: hexOf("sha512", "") };

export function hexOf(algorithm: Digest["algorithm"], bytes: Buffer | string): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

/** A file without bytes under any digest but this is what a power cut leaves, not a blob. */
export function isOfNothing({ algorithm, hex }: Digest): boolean {
  return hex === emptyHex[algorithm];
}
