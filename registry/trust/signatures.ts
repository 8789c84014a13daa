import { canonicalIdOf, keyIdOf, verify } from "./keys.ts";
import { canonicalOf, NotCanonical } from "./canonical.ts";
import type { Metadata } from "./metadata.ts";
import { refusal } from "./refusals.ts";
import { refusedFor, type Role } from "./structure.ts";

/** Signatures that are looked at: honest metadata has one for each key, and two in a rotation. */
const most = 100;

/**
 * How many of the role's keys signed it. One key counts once, under however many ids and certificates it comes.
 *
 * Throws `INVALID_UPDATE` for a key under an id that is not its own.
 */
export function signersOf(metadata: Metadata, role: Role): number {
  if (metadata.signatures.length > most)
    throw refusal(refusedFor(role.name), `${role.name} has more than ${most} signatures`);
  const bytes = signedBytes(metadata, role.name);
  const signers = new Set<string>();
  for (const signature of metadata.signatures) {
    const key = role.keyids.includes(signature.keyid) ? role.keys.get(signature.keyid) : undefined;
    if (!key) continue;
    if (keyIdOf(key) !== signature.keyid)
      throw refusal(refusedFor(role.name), "key ID is not valid for key content");
    if (verify(key, signature, bytes)) signers.add(canonicalIdOf(key));
  }
  return signers.size;
}

/** Throws `INVALID_UPDATE` unless as many of the role's keys signed as it asks for. */
export function assertSigned(metadata: Metadata, role: Role): void {
  if (metadata.signatures.length === 0) throw refusal(refusedFor(role.name), "tuf: data has no signatures");
  if (signersOf(metadata, role) < role.threshold)
    throw refusal(refusedFor(role.name), `valid signatures did not meet threshold for ${role.name}`);
}

/** What the signatures cover. A number that no signer can write is no better than a wrong signature. */
function signedBytes({ signed }: Metadata, role: string): Buffer {
  try {
    return canonicalOf(signed);
  } catch (error) {
    if (error instanceof NotCanonical) throw refusal(refusedFor(role), error.message);
    throw error;
  }
}
