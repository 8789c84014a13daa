import { type KeyObject, verify } from "node:crypto";
import type { Trust, TrustedKey } from "./trusted.ts";

/** Hashes that cosign's releases have used for a curve, the newest first. */
const hashes: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ["sha256"],
  secp384r1: ["sha384", "sha256"],
  secp521r1: ["sha512", "sha256"],
};

/**
 * Whether that key made the signature, in any of the ways in which cosign signs with it: ECDSA in DER, RSA by PKCS #1 v1.5
 * with SHA-256, Ed25519 over the bytes themselves.
 */
export function isSignedWith(key: KeyObject, bytes: Buffer, signature: Buffer): boolean {
  try {
    if (key.asymmetricKeyType === "ed25519") return verify(null, bytes, key, signature);
    if (key.asymmetricKeyType === "rsa") return verify("sha256", bytes, key, signature);
    const known = hashes[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? [];
    return known.some((hash) => verify(hash, bytes, key, signature));
  } catch {
    return false;
  }
}

/** Which of the trusted keys made it. */
export function signerOf({ keys }: Trust, bytes: Buffer, signature: Buffer): TrustedKey | undefined {
  return keys.find(({ key }) => isSignedWith(key, bytes, signature));
}

/** Why no key fits, in words. */
export function unknownKey({ keys }: Trust, signature: Buffer): string {
  if (keys.length === 0) return "this project trusts no cosign key";
  // 64 bytes that are no DER: cosign 3 signs with Ed25519ph, which it cannot verify itself.
  const prehashed = signature.length === 64 && keys.some(({ key }) => key.asymmetricKeyType === "ed25519");
  return prehashed
    ? "made by none of the keys that this project trusts, or by Ed25519ph, which cannot be verified: sign with an ECDSA key"
    : "made by none of the keys that this project trusts, or changed since";
}
