import { isGoodFor, leafOf } from "./certificates.ts";
import type { Key } from "./keys.ts";
import type { Metadata } from "./metadata.ts";
import { refusal } from "./refusals.ts";
import { signersOf } from "./signatures.ts";
import { assertNotExpired, rolesOf, type BaseRole, type Role } from "./structure.ts";

const path = "could not validate the path to a trusted root:";

/**
 * Judges a new root: that it follows the one before by one step and is signed by the keys of both, whose certificates are
 * made out to the collection. The certificates of the one before may be over by now: it was trusted when they were not,
 * and otherwise no rotation could ever replace them.
 *
 * Returns the roles it names. Throws `INVALID_UPDATE`.
 */
export function rotate(
  root: Metadata,
  before: Metadata | undefined,
  { gun, now }: { gun: string; now: number },
): Record<BaseRole, Role> {
  const current = before?.version ?? 1;
  if (root.version !== current && root.version !== current + 1)
    throw bad(`Root modifications must increment the version. Current ${current}, new ${root.version}`);
  const roles = rolesOf(root);
  const own = withGoodLeaves(roles.root, gun, now);
  if (own.keyids.length === 0) throw bad(`${path} unable to retrieve valid leaf certificates`);
  if (before) {
    const trusted = rolesOf(before).root;
    if (signersOf(root, trusted) < trusted.threshold)
      throw bad(
        "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates",
      );
  }
  if (signersOf(root, own) < own.threshold) throw bad(`${path} failed to validate integrity of roots`);
  assertNotExpired(root, "root", now);
  return roles;
}

const bad = (sentence: string): Error => refusal("ErrBadRoot", sentence);

/** The role with only those of its keys that are certificates good for the collection now. */
function withGoodLeaves(role: Role, gun: string, now: number): Role {
  const isGood = ({ keytype, public: text }: Key): boolean => {
    const leaf = keytype.endsWith("-x509") ? leafOf(text) : undefined;
    return leaf !== undefined && isGoodFor(leaf, gun, now);
  };
  const keys = new Map([...role.keys].filter(([id, key]) => role.keyids.includes(id) && isGood(key)));
  return { ...role, keys, keyids: [...keys.keys()] };
}
