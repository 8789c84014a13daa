import type { Metadata } from "./metadata.ts";
import { refusal } from "./refusals.ts";
import { toFileEntry } from "./snapshots.ts";
import type { Role } from "./structure.ts";

/** Signs as that role with the keys that the server holds of it; `undefined` when those are too few. */
export type Sign = (role: Role, signed: Record<string, unknown>) => Promise<Metadata | undefined>;

interface Making {
  role: Role;
  /** The one that is current, whoever signed it. */
  before: Metadata | undefined;
  sign: Sign;
  now: number;
}

const day = 24 * 60 * 60_000;
/** The reference's terms. */
const terms = { snapshot: 3 * 365 * day, timestamp: 14 * day };

/** Clients warn of a snapshot that has less than six months left, and a timestamp must outlast their clocks' errors. */
const margins = { snapshot: 185 * day, timestamp: day };

/** When it is time to sign it anew, in milliseconds since 1970. */
export function dueAt({ expires }: Metadata, kind: keyof typeof margins): number {
  return expires - margins[kind];
}

/**
 * A snapshot of what was there with `changed` in the place of what they replace. What is no longer delegated stays: who is
 * delegated to again goes on from there.
 *
 * `undefined` when the server does not hold the key. Throws `INVALID_UPDATE` when there is nothing to go on from.
 */
export async function makeSnapshot(
  changed: ReadonlyMap<string, Metadata>,
  { role, before, sign, now }: Making,
): Promise<Metadata | undefined> {
  if (!before && !changed.has("targets")) throw refusal("ErrValidation", "targets must be loaded first");
  const entries = [...changed].map(([name, { bytes }]) => [name, toFileEntry(bytes)]);
  return sign(role, {
    _type: "Snapshot",
    expires: timeIn(now + terms.snapshot),
    meta: { ...(before?.signed.meta as object | undefined), ...Object.fromEntries(entries) },
    version: (before?.version ?? 0) + 1,
  });
}

/** `undefined` when the server does not hold the key. */
export function makeTimestamp(
  snapshot: Metadata,
  { role, before, sign, now }: Making,
): Promise<Metadata | undefined> {
  return sign(role, {
    _type: "Timestamp",
    expires: timeIn(now + terms.timestamp),
    meta: { snapshot: toFileEntry(snapshot.bytes) },
    version: (before?.version ?? 0) + 1,
  });
}

/** In whole seconds: a fraction would have to be written as Go does. */
const timeIn = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
