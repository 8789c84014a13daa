import type { Collections, TrustChangeDocument } from "../store/collections.ts";
import { invalidParameters } from "./refusals.ts";
import type { Owner } from "./server-keys.ts";

/** One entry, in the reference's spelling. */
export interface Change {
  ID: string;
  CreatedAt: string;
  GUN: string;
  Version: number;
  SHA256: string;
  Category: "update" | "deletion";
}

export interface Asked {
  /** How many; 0 is as many as are told by default, a negative number counts backwards from `change_id`. */
  records: string | null;
  /** Where to go on, itself not told again; -1 is the end, and is gone back from. */
  change_id: string | null;
}

export type Changefeed = (asked: Asked, owner?: Owner) => Promise<{ count: number; records: Change[] }>;

const usual = 100;
const most = 1000;

/** What happened to trust data, of one collection or of all, always oldest first. Throws `INVALID_PARAMETERS`. */
export function createChangefeed({ trustChanges: changes }: Pick<Collections, "trustChanges">): Changefeed {
  return async function changefeed(asked, owner) {
    const records = numberOf("records", asked.records);
    const from = asked.change_id ? numberOf("change_id", asked.change_id) : 0;
    const limit = Math.min(Math.abs(records) || usual, most);
    const backwards = records < 0 || from === -1;
    const about = owner && { gun: owner.gun, project_id: owner.project_id };
    const id = backwards ? { to: from > 0 ? from - 1 : Number.MAX_SAFE_INTEGER } : { from: from + 1 };
    const found = await changes.list({
      where: { ...about, id },
      sort: [backwards ? "-id" : "id"],
      limit,
    });
    if (backwards) found.reverse();
    return { count: found.length, records: found.map(toChange) };
  };
}

function numberOf(name: string, text: string | null): number {
  if (text !== null && /^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalidParameters(
    `invalid ${name} parameter: ${text === null ? "it is missing" : "it is no whole number"}`,
  );
}

function toChange({ id, creation_time, gun, version, sha256, category }: TrustChangeDocument): Change {
  return {
    ID: String(id),
    CreatedAt: creation_time,
    GUN: gun,
    Version: version,
    SHA256: sha256,
    Category: category,
  };
}
