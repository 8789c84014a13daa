import { toKey, type Key } from "./keys.ts";
import { listOf, objectOf, type Metadata } from "./metadata.ts";
import { malformed, refusal, type Refused } from "./refusals.ts";
import { isDelegation, parentOf } from "./roles.ts";

/** Whose signatures a role's metadata takes, and how many. */
export interface Role {
  name: string;
  keyids: readonly string[];
  threshold: number;
  keys: ReadonlyMap<string, Key>;
}

const needed = ["root", "targets", "snapshot", "timestamp"] as const;
export type BaseRole = (typeof needed)[number];

const types: Record<BaseRole, string> = {
  root: "Root",
  targets: "Targets",
  snapshot: "Snapshot",
  timestamp: "Timestamp",
};

/** Years ahead beyond which an expiry is no expiry. */
const furthest = 50;

/** The four roles that a root names. Throws `INVALID_UPDATE`, `MALFORMED_JSON`. */
export function rolesOf(root: Metadata): Record<BaseRole, Role> {
  assertType(root, "root", "root");
  const keys = keysOf(root.signed.keys);
  const named = objectOf(root.signed.roles);
  const roles = needed.map((name) => {
    if (!Object.hasOwn(named, name)) throw wrong("root", `missing ${name} role specification`);
    return [name, toRole(name, named[name], keys, "root")];
  });
  return Object.fromEntries(roles) as Record<BaseRole, Role>;
}

/** The delegations that a targets role makes, by name. Throws `INVALID_UPDATE`, `MALFORMED_JSON`. */
export function delegationsOf(targets: Metadata, role: string): ReadonlyMap<string, Role> {
  assertType(targets, "targets", role);
  objectOf(targets.signed.targets ?? {});
  const { keys: held, roles } = objectOf(targets.signed.delegations ?? {});
  const keys = keysOf(held);
  const found = new Map<string, Role>();
  for (const entry of listOf(roles)) {
    const { name, paths } = objectOf(entry);
    if (typeof name !== "string" || !listOf(paths).every((path) => typeof path === "string"))
      throw malformed();
    if (!isDelegation(name) || parentOf(name) !== role) throw wrong(role, `delegation role ${name} invalid`);
    // The reference takes either, depending on who asks.
    if (found.has(name)) throw wrong(role, `delegation role ${name} appears twice`);
    found.set(name, toRole(name, entry, keys, role));
  }
  return found;
}

/** Throws `INVALID_UPDATE`: one that is over, or as good as never is. */
export function assertNotExpired({ expires }: Metadata, role: string, now: number): void {
  if (expires <= now) throw refusal(refusedFor(role), `${role} expired at ${unixDate(expires)}`);
  const limit = new Date(now);
  limit.setUTCFullYear(limit.getUTCFullYear() + furthest);
  if (expires > limit.getTime())
    throw refusal(refusedFor(role), `${role} expires more than ${furthest} years from now`);
}

/** Throws `INVALID_UPDATE`. */
export function assertType({ type, version }: Metadata, kind: BaseRole, role: string): void {
  if (type !== types[kind]) throw wrong(role, `expected type ${types[kind]}, not ${type}`);
  if (version < 1) throw wrong(role, "version cannot be less than one");
}

export function wrong(role: string, why: string): Error {
  return refusal(refusedFor(role), `${role} type metadata invalid: ${why}`);
}

export function refusedFor(role: string): Refused {
  if (role === "root" || role === "timestamp") return "ErrBadRoot";
  return role === "snapshot" ? "ErrBadSnapshot" : "ErrBadTargets";
}

function keysOf(value: unknown): ReadonlyMap<string, Key> {
  return new Map(Object.entries(objectOf(value ?? {})).map(([id, key]) => [id, toKey(key)]));
}

/** `within` is the metadata that names the role. */
function toRole(name: string, entry: unknown, keys: ReadonlyMap<string, Key>, within: string): Role {
  const { keyids: listed, threshold } = objectOf(entry);
  const keyids = listOf(listed);
  if (!Number.isSafeInteger(threshold) || !keyids.every((id) => typeof id === "string")) throw malformed();
  if ((threshold as number) < 1)
    throw wrong(within, `invalid threshold specified for ${name}: ${String(threshold)} `);
  const unknown = keyids.find((id) => !keys.has(id));
  if (unknown !== undefined)
    throw wrong(within, `key ID ${unknown} specified in ${name} without corresponding key`);
  return { name, keyids, threshold: threshold as number, keys };
}

/** As the reference writes times for people: `Sun Nov 22 08:40:02 UTC 2026`. */
function unixDate(time: number): string {
  const [, day, date, month, year, clock] =
    /^(\w+), (\d\d) (\w+) (\d+) ([\d:]+)/.exec(new Date(time).toUTCString())?.map(String) ?? [];
  return `${day} ${month} ${(date ?? "").replace(/^0/, "")} ${clock} UTC ${year}`;
}
