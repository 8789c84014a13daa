import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { canonicalOf } from "../../registry/trust/canonical.ts";

/** What writes and signs trust data as Docker Content Trust's clients do, and as they never would. */

export interface WireKey {
  keytype: string;
  keyval: { private: null; public: string };
}

export interface Signer {
  wire: WireKey;
  id: string;
  method: string;
  sign(bytes: Buffer): Buffer;
}

type Signed = Record<string, unknown>;

const year = 365 * 24 * 60 * 60_000;

export const inYears = (years: number): string =>
  new Date(Date.now() + years * year).toISOString().replace(/\.\d+Z$/, "Z");

export const keyIdOf = (wire: WireKey): string =>
  createHash("sha256").update(canonicalOf(wire)).digest("hex");

function signer(keytype: string, bytes: Buffer, method: string, make: Signer["sign"]): Signer {
  const wire = { keytype, keyval: { private: null, public: bytes.toString("base64") } };
  return { wire, id: keyIdOf(wire), method, sign: make };
}

const spki = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

export function ecKey(namedCurve = "P-256"): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  return signer("ecdsa", spki(publicKey), "ecdsa", (bytes) =>
    sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  );
}

export function ed25519Key(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return signer("ed25519", spki(publicKey).subarray(-32), "eddsa", (bytes) => sign(null, bytes, privateKey));
}

export function rsaKey(modulusLength = 2048): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength });
  return signer("rsa", spki(publicKey), "rsapss", (bytes) =>
    sign("sha256", bytes, { key: privateKey, padding: 6, saltLength: 32 }),
  );
}

interface Certificate {
  from?: Date;
  to?: Date;
  hash?: string;
  ca?: boolean;
}

/** A root key: one with a certificate made out to a collection. */
export async function rootKey(name: string, about: Certificate = {}): Promise<Signer> {
  const { from = new Date(Date.now() - 60_000), to = new Date(Date.now() + 10 * year) } = about;
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: about.hash ?? "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: randomBytes(8).toString("hex").replace(/^./, "1"),
      name: [{ CN: [name] }],
      notBefore: from,
      notAfter: to,
      signingAlgorithm: algorithm,
      keys,
      extensions: [new x509.BasicConstraintsExtension(about.ca ?? false, undefined, true)],
    },
    webcrypto as unknown as Crypto,
  );
  const text = Buffer.from(`${certificate.toString("pem")}\n`);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey as never));
  const key = { key: pkcs8, format: "der", type: "pkcs8", dsaEncoding: "ieee-p1363" } as const;
  return signer("ecdsa-x509", text, "ecdsa", (bytes) => sign("sha256", bytes, key));
}

/** Metadata as it goes over the wire, signed by these. */
export function signed(document: Signed, signers: readonly Signer[]): Buffer {
  const bytes = canonicalOf(document);
  const signatures = signers.map(({ id, method, sign: make }) => ({
    keyid: id,
    method,
    sig: make(bytes).toString("base64"),
  }));
  return Buffer.from(JSON.stringify({ signed: document, signatures }));
}

export const keysOf = (...keys: readonly { wire: WireKey }[]): Record<string, WireKey> =>
  Object.fromEntries(keys.map(({ wire }) => [keyIdOf(wire), wire]));

export const role = (...keys: readonly { wire: WireKey }[]) => ({
  keyids: keys.map(({ wire }) => keyIdOf(wire)),
  threshold: 1,
});

export interface RootKeys {
  root: Signer;
  targets: Signer;
  snapshot: { wire: WireKey };
  timestamp: { wire: WireKey };
}

export function rootDocument({ root, targets, snapshot, timestamp }: RootKeys, version = 1): Signed {
  return {
    _type: "Root",
    consistent_snapshot: false,
    expires: inYears(10),
    keys: keysOf(root, targets, snapshot, timestamp),
    roles: { root: role(root), targets: role(targets), snapshot: role(snapshot), timestamp: role(timestamp) },
    version,
  };
}

export function targetsDocument(version = 1, change: Signed = {}): Signed {
  return {
    _type: "Targets",
    delegations: { keys: {}, roles: [] },
    expires: inYears(3),
    targets: {},
    version,
    ...change,
  };
}

/** An entry as docker writes it for a tag. */
export function tagEntry(digest: string, length = 525) {
  return { hashes: { sha256: Buffer.from(digest.replace("sha256:", ""), "hex").toString("base64") }, length };
}

export function delegating(
  ...delegations: readonly { name: string; to: readonly Signer[]; paths?: string[] }[]
) {
  return {
    delegations: {
      keys: keysOf(...delegations.flatMap(({ to }) => to)),
      roles: delegations.map(({ name, to, paths = [""] }) => ({ ...role(...to), name, paths })),
    },
  };
}

export function fileMeta(bytes: Buffer) {
  const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest("base64");
  return { hashes: { sha256: hash("sha256"), sha512: hash("sha512") }, length: bytes.length };
}

export function snapshotDocument(files: Record<string, Buffer>, version = 1, change: Signed = {}): Signed {
  const meta = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, fileMeta(bytes)]));
  return { _type: "Snapshot", expires: inYears(3), meta, version, ...change };
}
