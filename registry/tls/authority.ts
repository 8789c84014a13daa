import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { SecretStore } from "../config.ts";
import { makeFolder, replaceContents } from "../store/disk.ts";
import { subtreesOf, union } from "./constraints.ts";
import { isAuthorityOf, issueAuthority, makeKey, vouchedBy, type Pair } from "./issue.ts";

interface Deps {
  /** Where its certificate lies, for clients to be given. */
  path: string;
  secrets: SecretStore;
  now: () => Date;
}

const secretName = "tls-authority-key";
/** Clients get this long, in milliseconds, to be given the next certificate before the old one ends. */
const overlap = 365 * 86_400_000;

/**
 * Berth's own authority, which signs the certificates of this machine's server.
 *
 * Its key is among the secrets and nowhere else. Its certificate is made anew, with the same key, when it ends within a
 * year, when further names need it, and when the file is missing or is not ours.
 */
export function createAuthority({ path, secrets, now }: Deps) {
  /** The authority as it must be to vouch for `further`. Written to disk before it answers. */
  return async function authorityFor(further: readonly string[]): Promise<Pair> {
    const key = (await secrets.get(secretName)) ?? (await makeFirst());
    const kept = await readKept(path, key);
    const wanted = subtreesOf(further);
    if (kept !== undefined && isLasting(kept, now())) {
      const held = vouchedBy(kept);
      if (union(held, wanted).length === held.length) return { cert: kept, key };
    }
    // Names that were needed once stay: who comes back to a network must not be given a new certificate each time.
    const cert = await issueAuthority(key, union(kept === undefined ? [] : vouchedBy(kept), wanted), now());
    await makeFolder(dirname(path));
    await replaceContents(path, cert);
    return { cert, key };
  };

  async function makeFirst(): Promise<string> {
    const key = await makeKey();
    await secrets.set(secretName, key);
    return key;
  }
}

/** A file that somebody else put there is as good as none: clients would be made to trust a stranger. */
async function readKept(path: string, key: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const certificate = new X509Certificate(text);
    return isAuthorityOf(key, certificate) ? `${certificate.toString().trim()}\n` : undefined;
  } catch {
    return undefined;
  }
}

function isLasting(pem: string, now: Date): boolean {
  const { validFrom, validTo } = new X509Certificate(pem);
  return Date.parse(validFrom) <= now.getTime() && Date.parse(validTo) - overlap > now.getTime();
}
