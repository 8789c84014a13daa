import { X509Certificate } from "node:crypto";
import { flaw } from "./flaws.ts";
import { assertAuthority, assertSigner } from "./certificate-rules.ts";

/**
 * Reads a chain and checks that it is one: the signer's certificate first, each issued by the next, the last by itself,
 * and each fit for its place. When they are valid is another question.
 *
 * Throws a flaw. Notary Project, signature-specification.md, "Certificate requirements".
 */
export function readChain(chain: readonly Buffer[]): [X509Certificate, ...X509Certificate[]] {
  const [leaf, ...authorities] = chain.map(readCertificate);
  if (!leaf) throw flaw("there are no certificates");
  const all: [X509Certificate, ...X509Certificate[]] = [leaf, ...authorities];
  assertSigner(leaf);
  authorities.forEach((certificate, below) => assertAuthority(certificate, below));
  all.forEach((certificate, index) => {
    const issuer = all[index + 1] ?? certificate;
    const own = certificate.subject === certificate.issuer;
    if (own !== (issuer === certificate))
      throw flaw("the certificates do not lead from the signer to a root");
    if (!isIssuedBy(certificate, issuer)) throw flaw("a certificate is not issued by the one after it");
  });
  return all;
}

/** From when until when all of them are valid. */
export function validityOf(chain: readonly X509Certificate[]): { from: Date; until: Date } {
  return {
    from: new Date(Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom)))),
    until: new Date(Math.min(...chain.map(({ validTo }) => Date.parse(validTo)))),
  };
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  // A signer who vouches for itself has no right to issue, which `checkIssued` would ask for.
  const named = issuer === certificate ? true : certificate.checkIssued(issuer);
  try {
    return named && certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function readCertificate(der: Buffer): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    throw flaw("a certificate cannot be read");
  }
  // OpenSSL also reads PEM, and lets pass what comes after the certificate.
  if (!certificate.raw.equals(der)) throw flaw("a certificate has more bytes than its own");
  return certificate;
}
