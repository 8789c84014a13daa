import { flaw, toText } from "./flaws.ts";

/** A notation signature, read but not verified, whichever way it is written. */
export interface Envelope {
  algorithm: Algorithm;
  headers: Headers;
  payload: Buffer;
  /** What the signature covers. */
  signed: Buffer;
  signature: Buffer;
  /** Certificates in DER, the signer's first. */
  chain: Buffer[];
  /** The program that made it, as it says. */
  agent: string | undefined;
}

export type Algorithm = "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512";

export interface Headers {
  scheme: "notary.x509" | "notary.x509.signingAuthority";
  time: Date;
  expiry: Date | undefined;
}

/** What both forms have in their protected header; the times already read. */
export interface RawHeaders {
  contentType: unknown;
  critical: unknown;
  /** The value under a name of `io.cncf.notary.`, `undefined` when there is none. */
  get(name: string): unknown;
  timeOf(value: unknown, what: string): Date;
}

const prefix = "io.cncf.notary.";
const payloadType = "application/vnd.cncf.notary.payload.v1+json";

/**
 * Checks the protected header: everything that must be understood is, and what must be marked so is.
 *
 * Throws a flaw. Notary Project, signature-envelope-jws.md and signature-envelope-cose.md, "Protected headers".
 */
export function readHeaders(raw: RawHeaders): Headers {
  if (raw.contentType !== payloadType) throw flaw("the payload is not of notation's type");
  const scheme = toText(raw.get(`${prefix}signingScheme`), "the signing scheme");
  if (scheme !== "notary.x509" && scheme !== "notary.x509.signingAuthority")
    throw flaw(`the signing scheme ${scheme.slice(0, 100)} is not known`);
  const byAuthority = scheme === "notary.x509.signingAuthority";
  const timeName = byAuthority ? `${prefix}authenticSigningTime` : `${prefix}signingTime`;
  const expiry = raw.get(`${prefix}expiry`);
  const needed = [
    `${prefix}signingScheme`,
    ...(byAuthority ? [timeName] : []),
    ...(expiry === undefined ? [] : [`${prefix}expiry`]),
  ];
  assertCritical(raw.critical, needed);

  const time = raw.timeOf(raw.get(timeName), "the signing time");
  const until = expiry === undefined ? undefined : raw.timeOf(expiry, "the expiry");
  if (until && until <= time) throw flaw("it expires before it is made");
  return { scheme, time, expiry: until };
}

/** A critical header that is not known may change what the signature means. RFC 7515 4.1.11, RFC 9052 3.1 */
function assertCritical(value: unknown, needed: readonly string[]): void {
  if (!Array.isArray(value)) throw flaw("the header does not say what is critical");
  const names: unknown[] = value;
  const odd = names.find((name) => typeof name !== "string" || !needed.includes(name));
  if (odd !== undefined) throw flaw(`the critical header ${nameOf(odd)} is not known`);
  if (new Set(names).size !== names.length) throw flaw("a critical header is named twice");
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) throw flaw(`the header ${missing} is not marked as critical`);
}

/** COSE has numbers for names too. */
function nameOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 100) : "of no name";
}
