import type { X509Certificate } from "node:crypto";

/** Who a certificate is made out to, in one line: `CN=signer, O=acme`, or else the names beside. */
export function toSigner({ subject, subjectAltName, fingerprint256 }: X509Certificate): string {
  const named = subject ? subject.split("\n").reverse().join(", ") : subjectAltName;
  return (named || `certificate ${fingerprint256}`).slice(0, 300);
}
