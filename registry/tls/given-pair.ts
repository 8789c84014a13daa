import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { Fault } from "../contract/fault.ts";
import type { Pair } from "./issue.ts";

/** Where the person's own pair lies. */
export interface PairFiles {
  cert: string;
  key: string;
}

/**
 * Reads the person's own certificate and key.
 *
 * Throws `BAD_REQUEST` in words when either cannot be read, is not what it should be, or does not belong to the other, and
 * when the certificate is not valid at `now`.
 */
export async function readPair(files: PairFiles, now: Date): Promise<Pair> {
  const [cert, key] = await Promise.all([readText(files.cert), readText(files.key)]);
  const certificate = certificateIn(cert, files.cert);
  const secret = privateKeyIn(key, files.key);
  if (!certificate.checkPrivateKey(secret))
    throw new Fault(
      "BAD_REQUEST",
      `the key in ${files.key} is not the one of the certificate in ${files.cert}`,
    );
  const { modulusLength } = secret.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < 2048)
    throw new Fault("BAD_REQUEST", `the key in ${files.key} is too short: RSA takes 2048 bits at least`);
  const { validFrom, validTo } = certificate;
  if (Date.parse(validTo) <= now.getTime())
    throw new Fault("BAD_REQUEST", `the certificate in ${files.cert} ended on ${dateOf(validTo)}`);
  if (Date.parse(validFrom) > now.getTime())
    throw new Fault("BAD_REQUEST", `the certificate in ${files.cert} begins on ${dateOf(validFrom)} only`);
  try {
    // What TLS itself refuses, such as a key that is too short, is better said now than at every connection.
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Fault(
      "BAD_REQUEST",
      `the certificate in ${files.cert} cannot be used: ${(error as Error).message}`,
    );
  }
  return { cert, key };
}

/** The first of the file, which is the server's own. RFC 8446 4.4.2. */
function certificateIn(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Fault("BAD_REQUEST", `there is no certificate in ${path}: it should be a PEM file`);
  }
}

function privateKeyIn(pem: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(pem))
    throw new Fault("BAD_REQUEST", `the key in ${path} asks for a passphrase: give it without one`);
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Fault("BAD_REQUEST", `there is no private key in ${path}: it should be a PEM file`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const reason = { ENOENT: "it is not there", EACCES: "it may not be read", EISDIR: "it is a folder" }[
      code
    ];
    throw new Fault("BAD_REQUEST", `${path} cannot be read: ${reason ?? code}`);
  }
}

function dateOf(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}
