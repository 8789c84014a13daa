import { constants, type KeyObject, verify, type X509Certificate } from "node:crypto";
import { readChain, validityOf } from "./chain.ts";
import type { Algorithm, Envelope } from "./envelope.ts";
import { flaw, parseFields, toFields } from "./flaws.ts";
import { claimsIn } from "./limits.ts";
import { toSigner } from "./names.ts";
import type { Trust } from "./trusted.ts";
import type { Finding, Subject } from "./verdicts.ts";

/**
 * Judges a notation signature as its strict level does, without revocation, for which one must be online.
 *
 * Throws a flaw. Notary Project, trust-store-trust-policy.md, "Signature verification".
 */
export function judgeNotation(envelope: Envelope, subject: Subject, trust: Trust, now: Date): Finding {
  const chain = readChain(envelope.chain);
  const [leaf] = chain;
  assertSigned(envelope, leaf.publicKey);
  const claims = claimsAbout(envelope, subject);
  const { time, expiry, scheme } = envelope.headers;
  const valid = validityOf(chain);
  const until = expiry && expiry < valid.until ? expiry : valid.until;
  const found = { signer: toSigner(leaf), time: toText(time), expires: toText(until), claims };

  // The two schemes have trust stores of their own: whoever may sign may not also say when it was.
  if (scheme !== "notary.x509") {
    const reason = "made through a signing authority, and this project trusts signers of their own only";
    return { ...found, verdict: "untrusted", reason };
  }
  const by = trust.certificates.find(({ certificate }) =>
    chain.some(({ raw }) => raw.equals(certificate.raw)),
  )?.by;
  if (!by) return { ...found, verdict: "untrusted", reason: unknownChain(trust, chain) };
  const trusted = { ...found, trusted_by: by.id };
  const late = lateness(valid, expiry, now);
  if (late !== undefined) return { ...trusted, verdict: "expired", reason: late };
  return { ...trusted, verdict: "verified", reason: `certified by ${by.name}` };
}

/** The key says which algorithm it is for: none that is weaker, and none of another kind. Throws a flaw. */
function assertSigned({ algorithm, signed, signature }: Envelope, key: KeyObject): void {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const meant = algorithmFor[key.asymmetricKeyType === "rsa" ? `rsa${modulusLength}` : (namedCurve ?? "")];
  if (meant !== algorithm) throw flaw("the signature algorithm is not the one for the signer's key");
  const hash = `sha${algorithm.slice(2)}`;
  const how = algorithm.startsWith("PS")
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, dsaEncoding: "ieee-p1363" as const };
  if (!verify(hash, signed, how, signature)) throw flaw("the signature does not fit what it signs");
}

function claimsAbout({ payload, headers, agent }: Envelope, subject: Subject): Record<string, string> {
  const target = toFields(parseFields(payload, "the payload")["targetArtifact"], "the payload's target");
  if (target["digest"] !== subject.digest) throw flaw("it signs another image");
  if (target["mediaType"] !== subject.media_type || target["size"] !== subject.size)
    throw flaw("it signs another type or size than the image's");
  return claimsIn({ scheme: headers.scheme, agent }, target["annotations"]);
}

function unknownChain({ certificates }: Trust, chain: readonly X509Certificate[]): string {
  if (certificates.length === 0) return "this project trusts no notation certificate";
  const root = chain.at(-1);
  return `certified by ${root ? toSigner(root) : "nobody"}, whom this project does not trust`;
}

/** Why it does not count now. Without a time stamp of others, a certificate counts only while it is valid. */
function lateness(
  valid: { from: Date; until: Date },
  expiry: Date | undefined,
  now: Date,
): string | undefined {
  if (expiry && expiry <= now) return `the signature has expired on ${toText(expiry)}`;
  if (valid.until < now) return `the signer's certificates have expired on ${toText(valid.until)}`;
  if (valid.from > now) return `the signer's certificates are not valid before ${toText(valid.from)}`;
  return undefined;
}

function toText(time: Date): string {
  return time.toISOString();
}

/** Notary Project, signature-specification.md, "Algorithm selection". */
const algorithmFor: Readonly<Record<string, Algorithm>> = {
  rsa2048: "PS256",
  rsa3072: "PS384",
  rsa4096: "PS512",
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};
