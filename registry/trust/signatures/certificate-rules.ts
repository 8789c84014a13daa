import "reflect-metadata";
import type { X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { flaw } from "./flaws.ts";

const { keyCertSign, digitalSignature } = x509.KeyUsageFlags;
const { codeSigning } = x509.ExtendedKeyUsage;

/** What a certificate may mark as critical: these are looked at here, or say nothing that matters to a signature. */
const known: ReadonlySet<string> = new Set([
  "2.5.29.14", // subject key identifier
  "2.5.29.15", // key usage
  "2.5.29.17", // subject alternative name
  "2.5.29.19", // basic constraints
  "2.5.29.32", // certificate policies
  "2.5.29.35", // authority key identifier
  "2.5.29.37", // extended key usage
]);

/** Throws a flaw unless it is a certificate for signing code, and for nothing else. */
export function assertSigner(certificate: X509Certificate): void {
  const parsed = parse(certificate);
  if (parsed.getExtension(x509.BasicConstraintsExtension)?.ca)
    throw flaw("the signer's certificate is an authority's");
  const usage = parsed.getExtension(x509.KeyUsagesExtension);
  if (!usage?.critical || usage.usages !== digitalSignature)
    throw flaw("the signer's certificate is not for digital signatures alone");
  const purposes = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages;
  if (purposes && !purposes.includes(codeSigning))
    throw flaw("the signer's certificate is not for signing code");
  if (purposes?.some((purpose) => others.has(String(purpose))))
    throw flaw("the signer's certificate is for other purposes too");
}

/** Throws a flaw unless it may issue certificates, with `below` more authorities between it and the signer. */
export function assertAuthority(certificate: X509Certificate, below: number): void {
  const parsed = parse(certificate);
  const constraints = parsed.getExtension(x509.BasicConstraintsExtension);
  const usage = parsed.getExtension(x509.KeyUsagesExtension);
  if (!constraints?.ca || !constraints.critical || !usage?.critical || (usage.usages & keyCertSign) === 0)
    throw flaw("a certificate in the chain may not issue others");
  if (constraints.pathLength !== undefined && constraints.pathLength < below)
    throw flaw("the chain is longer than one of its certificates allows");
}

/** Purposes that a signer's certificate must not have. */
const others: ReadonlySet<string> = new Set([
  "2.5.29.37.0", // any
  x509.ExtendedKeyUsage.serverAuth,
  x509.ExtendedKeyUsage.emailProtection,
  x509.ExtendedKeyUsage.timeStamping,
  x509.ExtendedKeyUsage.ocspSigning,
]);

/** What holds for every certificate of a chain. */
function parse({ raw, publicKey }: X509Certificate): x509.X509Certificate {
  const parsed = read(raw);
  const types = parsed.extensions.map(({ type }) => type);
  if (new Set(types).size !== types.length) throw flaw("a certificate has an extension twice");
  const odd = parsed.extensions.find(({ critical, type }) => critical && !known.has(type));
  if (odd) throw flaw(`a certificate has the critical extension ${odd.type}, which is not known`);
  const { hash } = parsed.signatureAlgorithm as { hash?: { name?: string } };
  if (!hashes.has(hash?.name ?? "")) throw flaw("a certificate is signed by a hash that is too weak");
  const { modulusLength = 0, namedCurve = "" } = publicKey.asymmetricKeyDetails ?? {};
  const strong =
    (publicKey.asymmetricKeyType === "rsa" && modulusLength >= 2048 && modulusLength <= 8192) ||
    (publicKey.asymmetricKeyType === "ec" && curves.has(namedCurve));
  if (!strong) throw flaw("a certificate has a key of a kind that notation does not allow");
  return parsed;
}

function read(raw: Buffer): x509.X509Certificate {
  try {
    return new x509.X509Certificate(raw);
  } catch {
    throw flaw("a certificate cannot be read");
  }
}

const hashes: ReadonlySet<string> = new Set(["SHA-256", "SHA-384", "SHA-512"]);
const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
