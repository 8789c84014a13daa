import { createHash, X509Certificate } from "node:crypto";
import { flaw, fromBase64, parseFields, toFields, toText, type Fields } from "./flaws.ts";
import { hintOf } from "./trusted.ts";

export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A signature as cosign 3 keeps it, read but not verified. */
export interface Bundle {
  signature: Buffer;
  /** A statement and what the signature covers; or nothing, where the subject itself is signed. */
  statement: { fields: Fields; signed: Buffer } | undefined;
  /** Of the key that it says it is made with. */
  hint: string | undefined;
  certificate: X509Certificate | undefined;
}

/** Throws a flaw. Sigstore, `sigstore_bundle.proto`, version 0.3. */
export function parseBundle(bytes: Buffer): Bundle {
  const fields = parseFields(bytes, "the bundle");
  if (fields["mediaType"] !== bundleType) throw flaw("the bundle is not of version 0.3");
  const material = toFields(fields["verificationMaterial"], "the bundle's verification material");
  const { dsseEnvelope, messageSignature } = fields;
  if ((dsseEnvelope === undefined) === (messageSignature === undefined))
    throw flaw("the bundle has not exactly one signature");
  const signed = dsseEnvelope === undefined ? messageOf(messageSignature) : envelopeOf(dsseEnvelope);
  return { ...signed, ...signerOf(material) };
}

function envelopeOf(value: unknown): Pick<Bundle, "signature" | "statement"> {
  const envelope = toFields(value, "the envelope");
  const type = toText(envelope["payloadType"], "the payload's type");
  if (type !== "application/vnd.in-toto+json") throw flaw("the payload is not an in-toto statement");
  const payload = fromBase64(envelope["payload"], "the payload");
  const { signatures } = envelope;
  if (!Array.isArray(signatures) || signatures.length !== 1)
    throw flaw("the envelope has not exactly one signature");
  const { sig } = toFields(signatures[0], "the envelope's signature");
  // DSSE, protocol.md: PAE, with lengths in bytes.
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return {
    signature: fromBase64(sig, "the signature"),
    statement: {
      fields: parseFields(payload, "the statement"),
      signed: Buffer.concat([Buffer.from(head), payload]),
    },
  };
}

function messageOf(value: unknown): Pick<Bundle, "signature" | "statement"> {
  const message = toFields(value, "the message signature");
  return { signature: fromBase64(message["signature"], "the signature"), statement: undefined };
}

function signerOf({ publicKey, certificate, x509CertificateChain }: Fields): {
  hint: string | undefined;
  certificate: X509Certificate | undefined;
} {
  if (x509CertificateChain !== undefined || (publicKey === undefined) === (certificate === undefined))
    throw flaw("the bundle names not exactly one key or certificate");
  if (publicKey !== undefined) {
    const { hint } = toFields(publicKey, "the bundle's key");
    return { hint: typeof hint === "string" && hint !== "" ? hint : undefined, certificate: undefined };
  }
  const { rawBytes } = toFields(certificate, "the bundle's certificate");
  const leaf = readCertificate(fromBase64(rawBytes, "the certificate"));
  return { hint: hintOf(leaf.publicKey), certificate: leaf };
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw flaw("the certificate cannot be read");
  }
}

/** Throws a flaw unless the message whose digest a bundle may state is the one that is signed. */
export function assertMessage(bundle: Buffer, message: Buffer): void {
  const { messageSignature } = parseFields(bundle, "the bundle");
  const { messageDigest } = toFields(messageSignature, "the message signature");
  if (messageDigest === undefined) return;
  const { algorithm, digest } = toFields(messageDigest, "the message's digest");
  const name = typeof algorithm === "string" ? hashNames[algorithm] : undefined;
  if (name === undefined) throw flaw("the message's digest is of an unknown kind");
  if (!createHash(name).update(message).digest().equals(fromBase64(digest, "the message's digest")))
    throw flaw("it signs another image");
}

const hashNames: Readonly<Record<string, string>> = {
  SHA2_256: "sha256",
  SHA2_384: "sha384",
  SHA2_512: "sha512",
};
