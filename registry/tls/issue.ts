import "reflect-metadata";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  webcrypto,
  type X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import { constraintsOf, nameConstraints, subtreesIn, type Subtrees } from "./constraints.ts";

/** A certificate and its key, PEM. */
export interface Pair {
  /** The server's own first, then those that vouch for it. */
  cert: string;
  key: string;
}

const day = 86_400_000;
/** A clock of another machine may be behind. */
const lag = day;
/** Milliseconds. */
const lifeOf = { authority: 3650 * day, server: 90 * day };

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
x509.cryptoProvider.set(webcrypto);

/** A new private key, P-256, as PKCS #8 in PEM. */
export async function makeKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const bytes = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  return createPrivateKey({ key: bytes, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

/**
 * An authority's certificate, PEM: for ten years, for server certificates only, without further authorities under it, and
 * for no names but those of `subtrees`: whoever got hold of its key could still not pass for another site.
 *
 * Its subject comes from its key alone. So a later certificate of the same key takes the place of an earlier one: what it
 * signs is good for clients that have either.
 */
export async function issueAuthority(key: string, subtrees: Subtrees, now: Date): Promise<string> {
  const keys = await pairOf(key);
  const name = `CN=Berth ${idOf(createPublicKey(key))}, O=Berth's own authority`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore: wholeSeconds(now.getTime() - lag),
    notAfter: wholeSeconds(now.getTime() - lag + lifeOf.authority),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.Extension(nameConstraints, true, constraintsOf(subtrees)),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** A server's certificate with a key of its own, for 90 days, but no longer than its authority's. */
export async function issueServer(authority: Pair, names: readonly string[], now: Date): Promise<Pair> {
  const issuer = new x509.X509Certificate(authority.cert);
  const signer = await pairOf(authority.key);
  const key = await makeKey();
  const { publicKey } = await pairOf(key);
  const start = Math.max(now.getTime() - lag, issuer.notBefore.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: "CN=Berth",
    issuer: issuer.subjectName,
    notBefore: wholeSeconds(start),
    notAfter: wholeSeconds(Math.min(start + lifeOf.server, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: signer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n${authority.cert}`, key };
}

/** Whether `certificate` is one that this key made for itself as an authority. */
export function isAuthorityOf(key: string, certificate: X509Certificate): boolean {
  const own = createPublicKey(key);
  return certificate.ca && certificate.publicKey.equals(own) && certificate.verify(own);
}

/** What an authority's certificate vouches for; nothing, if it does not say. */
export function vouchedBy(pem: string): Subtrees {
  const extension = new x509.X509Certificate(pem).getExtension(nameConstraints);
  return extension === null ? [] : subtreesIn(Buffer.from(extension.value));
}

async function pairOf(key: string): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const secret = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
  const open = createPublicKey(key).export({ type: "spki", format: "der" });
  return {
    privateKey: await subtle.importKey("pkcs8", secret, algorithm, false, ["sign"]),
    publicKey: await subtle.importKey("spki", open, algorithm, true, ["verify"]),
  };
}

/** Eight digits that tell one authority from another. */
export function idOf(key: KeyObject): string {
  const open = key.export({ type: "spki", format: "der" });
  return createHash("sha256").update(open).digest("hex").slice(0, 8);
}

/** Positive, and without a leading zero byte. RFC 5280 4.1.2.2. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** A certificate's dates have no fractions. */
function wholeSeconds(time: number): Date {
  return new Date(Math.floor(time / 1000) * 1000);
}
