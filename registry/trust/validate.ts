import { assertTargets } from "./delegations.ts";
import type { Metadata } from "./metadata.ts";
import { refusal } from "./refusals.ts";
import { isTargets } from "./roles.ts";
import { rotate } from "./rotation.ts";
import { assertSigned } from "./signatures.ts";
import { makeSnapshot, makeTimestamp, type Sign } from "./signing.ts";
import { assertSnapshot } from "./snapshots.ts";
import { rolesOf, type BaseRole, type Role } from "./structure.ts";

export interface Standing {
  gun: string;
  /** What clients get of a role now. */
  current(role: string): Promise<Metadata | undefined>;
  sign: Sign;
  /** Milliseconds since 1970: the server's clock alone decides. */
  now: number;
}

/**
 * Judges an update of a collection and completes it: returns all that is to be stored, with a snapshot by the server if the
 * client sent none, and always a new timestamp.
 *
 * Nothing of it may be stored when this throws: `INVALID_UPDATE`, whose detail clients show, or `MALFORMED_JSON`.
 */
export async function validate(
  uploaded: ReadonlyMap<string, Metadata>,
  { gun, current, sign, now }: Standing,
): Promise<ReadonlyMap<string, Metadata>> {
  const before = { root: await current("root"), snapshot: await current("snapshot") };
  const after = async (role: string): Promise<Metadata | undefined> => uploaded.get(role) ?? current(role);
  const roles = rolesAfter(uploaded.get("root"), before.root, { gun, now });

  await assertTargets({ uploaded, stored: current, targets: roles.targets, now });
  if (uploaded.has("root") && !uploaded.has("targets")) {
    const kept = await current("targets");
    // A root that names other keys would leave targets that nobody believes.
    if (kept) assertSigned(kept, roles.targets);
  }

  const sent = uploaded.get("snapshot");
  if (sent)
    await assertSnapshot(sent, { role: roles.snapshot, uploaded, before: before.snapshot, after, now });
  const changed = new Map([...uploaded].filter(([role]) => role === "root" || isTargets(role)));
  const snapshot =
    sent ?? (await makeSnapshot(changed, { role: roles.snapshot, before: before.snapshot, sign, now }));
  if (!snapshot) throw noSnapshot();

  const timestamp = await makeTimestamp(snapshot, {
    role: roles.timestamp,
    before: await current("timestamp"),
    sign,
    now,
  });
  if (!timestamp) throw refusal("ErrBadRoot", "no timestamp keys exist on the server");
  return new Map([...changed, ["snapshot", snapshot], ["timestamp", timestamp]]);
}

function rolesAfter(
  root: Metadata | undefined,
  before: Metadata | undefined,
  about: { gun: string; now: number },
): Record<BaseRole, Role> {
  if (root) return rotate(root, before, about);
  if (before) return rolesOf(before);
  throw refusal("ErrValidation", "no pre-existing root and no root provided in update.");
}

const noSnapshot = (): Error =>
  refusal(
    "ErrBadHierarchy",
    "no snapshot was included in update and server does not hold current snapshot key for repository",
    { Missing: "snapshot" },
  );
