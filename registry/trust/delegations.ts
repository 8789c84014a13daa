import type { Metadata } from "./metadata.ts";
import { refusal } from "./refusals.ts";
import { byDepth, isTargets, parentOf } from "./roles.ts";
import { assertSigned } from "./signatures.ts";
import { assertNotExpired, delegationsOf, type Role } from "./structure.ts";

export interface Chain {
  /** What is uploaded, by role. */
  uploaded: ReadonlyMap<string, Metadata>;
  /** What the collection has now of a role. */
  stored(role: string): Promise<Metadata | undefined>;
  /** The role `targets`, as the root names it. */
  targets: Role;
  now: number;
}

/**
 * Judges uploaded targets and delegations, parents first. What stands between an uploaded delegation and the root is
 * judged with it, but may have expired: its next version is somebody else's to publish.
 *
 * Throws `INVALID_UPDATE`. That names fit a delegation's paths is for clients to see, and so is their size.
 */
export async function assertTargets({ uploaded, stored, targets, now }: Chain): Promise<void> {
  const judged = new Map<string, ReadonlyMap<string, Role>>();

  async function judge(role: string): Promise<ReadonlyMap<string, Role>> {
    const before = judged.get(role);
    if (before) return before;
    const named = role === "targets" ? targets : (await delegationsAbove(role)).get(role);
    if (!named) throw noSuchDelegation(role);
    const fresh = uploaded.get(role);
    const metadata = fresh ?? (await stored(role));
    if (!metadata) throw noSuchDelegation(role);
    assertSigned(metadata, named);
    const delegations = delegationsOf(metadata, role);
    if (fresh) assertNotExpired(fresh, role, now);
    judged.set(role, delegations);
    return delegations;
  }

  /** What the parent delegates; a parent that is not there delegates nothing. */
  async function delegationsAbove(role: string): Promise<ReadonlyMap<string, Role>> {
    const parent = parentOf(role);
    const isThere = uploaded.has(parent) || (await stored(parent)) !== undefined;
    return isThere ? judge(parent) : new Map();
  }

  for (const role of [...uploaded.keys()].filter(isTargets).sort(byDepth)) await judge(role);
}

const noSuchDelegation = (role: string): Error =>
  refusal("ErrBadTargets", `tuf: invalid role ${role}. delegation does not exist`);
