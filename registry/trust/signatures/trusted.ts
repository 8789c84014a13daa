import { createHash, createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import { Fault } from "../../contract/fault.ts";
import { certificatesOf } from "../certificates.ts";
import { mostTrusted } from "./limits.ts";
import type { Trusted } from "./verdicts.ts";

/** A key that cosign signs with. */
export interface TrustedKey {
  by: Trusted;
  key: KeyObject;
  /** How bundles name it: SHA-256 of its SPKI, in base64. */
  hint: string;
}

/** A certificate that, anywhere in notation's chain, makes the chain trusted. */
export interface TrustedCertificate {
  by: Trusted;
  certificate: X509Certificate;
}

export interface Trust {
  keys: TrustedKey[];
  certificates: TrustedCertificate[];
}

/** Reads what a project trusts. What cannot be read vouches for nothing. */
export function trustOf(list: readonly Trusted[]): Trust {
  const trust: Trust = { keys: [], certificates: [] };
  for (const by of list.slice(0, mostTrusted)) {
    try {
      if (by.kind === "cosign-key") trust.keys.push(keyOf(by));
      else trust.certificates.push(...trustedCertificatesOf(by));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return trust;
}

/** Throws `BAD_REQUEST`, which says what to give instead, unless signatures can be verified against it. */
export function assertTrustable(trusted: Trusted): void {
  if (trusted.kind === "cosign-key") keyOf(trusted);
  else trustedCertificatesOf(trusted);
}

export function hintOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("base64");
}

function keyOf(by: Trusted): TrustedKey {
  // Node would also take a certificate or a private key, and make the public key of it.
  if (!/^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/.test(by.pem))
    throw refused(by, "is not a public key in PEM, as cosign.pub is");
  let key: KeyObject;
  try {
    key = createPublicKey(by.pem);
  } catch {
    throw refused(by, "is not a public key that can be read");
  }
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const fit =
    key.asymmetricKeyType === "ed25519" ||
    (key.asymmetricKeyType === "ec" && curves.has(namedCurve ?? "")) ||
    (key.asymmetricKeyType === "rsa" && modulusLength >= 2048 && modulusLength <= 8192);
  if (!fit) throw refused(by, "is not an ECDSA P-256, P-384 or P-521, an RSA or an Ed25519 key");
  return { by, key, hint: hintOf(key) };
}

function trustedCertificatesOf(by: Trusted): TrustedCertificate[] {
  const found = certificatesOf(Buffer.from(by.pem, "latin1"));
  if (found.length === 0) throw refused(by, "is not a certificate in PEM");
  // Notary Project, trust store: authorities, and signers who vouch for themselves.
  const odd = found.find((certificate) => !certificate.ca && !isOwn(certificate));
  if (odd)
    throw refused(by, "is neither an authority's certificate nor a self-signed one: give its authority's");
  return found.map((certificate) => ({ by, certificate }));
}

function isOwn(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

function refused(by: Trusted, why: string): Fault {
  return new Fault("BAD_REQUEST", `${by.name.slice(0, 100)} ${why}`);
}

const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
