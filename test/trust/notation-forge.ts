import "reflect-metadata";
import { constants, KeyObject, sign, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { createShelf, type Fields, type Shelf, subject, then } from "./signed-examples.ts";

const ec = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

export interface Made {
  der: Buffer;
  pem: string;
  key: KeyObject;
}

export interface Wish {
  name?: string;
  issuer?: Made;
  extensions?: x509.Extension[];
  from?: Date;
}

export const asSigner = [
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
];
export const asAuthority = (pathLength?: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
];

/** A certificate of a fresh P-256 key, for a week from `from`. */
export async function certified({
  name = "forger",
  issuer,
  extensions = asSigner,
  from = then,
}: Wish): Promise<Made> {
  const keys = await webcrypto.subtle.generateKey(ec, true, ["sign", "verify"]);
  const vouching = issuer
    ? await webcrypto.subtle.importKey(
        "pkcs8",
        issuer.key.export({ type: "pkcs8", format: "der" }),
        ec,
        false,
        ["sign"],
      )
    : keys.privateKey;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: "01",
    subject: `CN=${name}`,
    issuer: issuer ? new x509.X509Certificate(issuer.pem).subject : `CN=${name}`,
    notBefore: new Date(from.getTime() - day),
    notAfter: new Date(from.getTime() + 7 * day),
    signingAlgorithm: ec,
    publicKey: keys.publicKey,
    signingKey: vouching,
    extensions,
  });
  return { der: Buffer.from(made.rawData), pem: made.toString("pem"), key: KeyObject.from(keys.privateKey) };
}

export interface Envelope {
  chain: Made[];
  /** Takes the place of, or adds to, what an honest one has. */
  guarded?: Fields;
  target?: Fields;
  alg?: string;
  /** Changes the payload after it was signed. */
  after?: Fields;
}

const scheme = "io.cncf.notary.signingScheme";
const honest = {
  crit: [scheme],
  cty: "application/vnd.cncf.notary.payload.v1+json",
  [scheme]: "notary.x509",
  "io.cncf.notary.signingTime": "2026-11-23T10:00:00Z",
};
const target = { mediaType: subject.media_type, digest: subject.digest, size: subject.size };

/** A JWS signed with the first certificate's key. */
export function forgeJws({ chain, guarded, target: other, alg = "ES256", after }: Envelope): Buffer {
  const payload = Buffer.from(JSON.stringify({ targetArtifact: { ...target, ...other } })).toString(
    "base64url",
  );
  const head = Buffer.from(JSON.stringify({ alg, ...honest, ...guarded })).toString("base64url");
  const said = after ? Buffer.from(JSON.stringify({ targetArtifact: { ...target, ...after } })) : undefined;
  return Buffer.from(
    JSON.stringify({
      payload: said?.toString("base64url") ?? payload,
      protected: head,
      header: { x5c: chain.map(({ der }) => der.toString("base64")) },
      signature: signed(chain, Buffer.from(`${head}.${payload}`), alg).toString("base64url"),
    }),
  );
}

function signed([first]: Made[], bytes: Buffer, alg: string): Buffer {
  if (!first) return Buffer.alloc(0);
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const how = first.key.asymmetricKeyType === "rsa" ? pss : { dsaEncoding: "ieee-p1363" as const };
  return sign(`sha${alg.slice(2)}`, bytes, { key: first.key, ...how });
}

/** A shelf on which that envelope is the subject's only signature. */
export function shelfOf(envelope: Buffer, type = "application/jose+json"): Shelf {
  const shelf = createShelf();
  const layer = { mediaType: type, digest: shelf.keep(envelope), size: envelope.length };
  const config = {
    mediaType: "application/vnd.oci.empty.v1+json",
    digest: shelf.keep(Buffer.from("{}")),
    size: 2,
  };
  shelf.refer({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/vnd.cncf.notary.signature",
    config,
    layers: [layer],
    subject: { mediaType: subject.media_type, digest: subject.digest, size: subject.size },
  });
  return shelf;
}
