import { createPublicKey, type KeyObject, verify as verifyBytes } from "node:crypto";
import { canonicalOf } from "./canonical.ts";
import { certificatesOf } from "./certificates.ts";
import { bytesOf, objectOf, sha256Of, type Signature } from "./metadata.ts";
import { malformed } from "./refusals.ts";

/** A public key as trust data writes it. */
export interface Key {
  keytype: string;
  /** Of `ecdsa` and `rsa` a DER public key, of `ed25519` 32 bytes, of `…-x509` the text of certificates, leaf first. */
  public: Buffer;
}

export const toWire = ({ keytype, public: bytes }: Key) => ({
  keytype,
  keyval: { private: null, public: bytes.toString("base64") },
});

/** Throws `MALFORMED_JSON`, for somebody's private key too: what is published is everybody's to read. */
export function toKey(value: unknown): Key {
  const { keytype, keyval } = objectOf(value);
  const pair = objectOf(keyval);
  if (typeof keytype !== "string" || (pair.private ?? null) !== null) throw malformed();
  return { keytype: keytype.toLowerCase(), public: bytesOf(pair.public) };
}

/** Hexadecimal: the digest of how the key is written, with its private half always there and null. */
export const keyIdOf = (key: Key): string => sha256Of(canonicalOf(toWire(key)));

/** One for a key whatever certificate it comes in; that of the key as such for one that cannot be read. */
export function canonicalIdOf(key: Key): string {
  if (!key.keytype.endsWith("-x509")) return keyIdOf(key);
  const bare = readable(key)?.export({ type: "spki", format: "der" });
  return bare ? keyIdOf({ keytype: key.keytype.slice(0, -"-x509".length), public: bare }) : keyIdOf(key);
}

/**
 * Whether the key made that signature over these bytes. The key alone says how: a method that is not its own counts for
 * nothing, and neither does a key that is not of the type it claims.
 */
export function verify(key: Key, { method, sig }: Signature, bytes: Buffer): boolean {
  const publicKey = readable(key);
  if (!publicKey) return false;
  try {
    if (key.keytype === "ed25519") return method === "eddsa" && verifyBytes(null, bytes, publicKey, sig);
    if (publicKey.asymmetricKeyType === "ec")
      return (
        method === "ecdsa" && verifyBytes("sha256", bytes, { key: publicKey, dsaEncoding: "ieee-p1363" }, sig)
      );
    if (method === "rsapkcs1v15") return verifyBytes("sha256", bytes, publicKey, sig);
    const padding = { padding: pss, saltLength: 32 };
    return method === "rsapss" && verifyBytes("sha256", bytes, { key: publicKey, ...padding }, sig);
  } catch {
    return false;
  }
}

/** `RSA_PKCS1_PSS_PADDING` */
const pss = 6;

const curves: readonly (string | undefined)[] = ["prime256v1", "secp384r1", "secp521r1"];
/** Bits. */
const smallestRsa = 2048;

/** The key, if it is of the type it claims and not a weak one. */
function readable({ keytype, public: bytes }: Key): KeyObject | undefined {
  try {
    const key = parse(keytype, bytes);
    const { namedCurve, modulusLength = 0 } = key?.asymmetricKeyDetails ?? {};
    if (keytype.startsWith("ecdsa"))
      return key?.asymmetricKeyType === "ec" && curves.includes(namedCurve) ? key : undefined;
    if (keytype.startsWith("rsa"))
      return key?.asymmetricKeyType === "rsa" && modulusLength >= smallestRsa ? key : undefined;
    return key?.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** What comes before the 32 bytes of an Ed25519 key in its DER form. */
const ed25519Head = Buffer.from("302a300506032b6570032100", "hex");

function parse(keytype: string, bytes: Buffer): KeyObject | undefined {
  switch (keytype) {
    case "ecdsa":
    case "rsa":
      return createPublicKey({ key: bytes, format: "der", type: "spki" });
    case "ecdsa-x509":
    case "rsa-x509":
      return certificatesOf(bytes)[0]?.publicKey;
    case "ed25519":
      if (bytes.length !== 32) return undefined;
      return createPublicKey({ key: Buffer.concat([ed25519Head, bytes]), format: "der", type: "spki" });
    default:
      return undefined;
  }
}
