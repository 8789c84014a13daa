import { X509Certificate } from "node:crypto";

const day = 24 * 60 * 60_000;
/** A chain that is longer is no chain. */
const most = 10;

/** The certificates of a key's text, in its order; none, if it is anything else. */
export function certificatesOf(text: Buffer): X509Certificate[] {
  const blocks = text
    .toString("latin1")
    .match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  if (!blocks || blocks.length > most) return [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

/** The certificate that a root key is: the first of its text, and the only one that is no authority's. */
export function leafOf(text: Buffer): X509Certificate | undefined {
  const [first, ...others] = certificatesOf(text);
  return first && !first.ca && others.every(({ ca }) => ca) ? first : undefined;
}

/**
 * Whether a certificate may stand for a root key of that collection: made out to its name, or to all that begin like it,
 * not signed by a broken hash, and valid now. A clock that is a day behind is forgiven.
 */
export function isGoodFor(certificate: X509Certificate, gun: string, now: number): boolean {
  const { CN: name } = certificate.toLegacyObject().subject as { CN?: unknown };
  if (typeof name !== "string") return false;
  const named = name.endsWith("*") ? gun.startsWith(name.slice(0, -1)) : gun === name;
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  return named && now < to && from <= now + day && !broken.has(signatureAlgorithmOf(certificate.raw));
}

/** Object identifiers in DER: MD5 and SHA-1 with RSA, SHA-1 with ECDSA and DSA. */
const broken: ReadonlySet<string> = new Set([
  "2a864886f70d010104",
  "2a864886f70d010105",
  "2a8648ce3d0401",
  "2a8648ce380403",
]);

/** Of a certificate's three parts the second: `SEQUENCE { SEQUENCE, SEQUENCE { OBJECT IDENTIFIER … }, … }`. RFC 5280 4.1 */
function signatureAlgorithmOf(der: Buffer): string {
  const whole = partAt(der, 0);
  const toBeSigned = partAt(der, whole.start);
  const algorithm = partAt(der, toBeSigned.end);
  const identifier = partAt(der, algorithm.start);
  return der.subarray(identifier.start, identifier.end).toString("hex");
}

/** Where the content of the DER value at that place is. */
function partAt(der: Buffer, at: number): { start: number; end: number } {
  const first = der[at + 1] ?? 0;
  const digits = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + digits;
  return { start, end: start + (digits === 0 ? first : der.readUIntBE(at + 2, digits)) };
}
