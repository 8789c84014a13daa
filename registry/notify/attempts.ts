import type { Deed } from "./audit-lines.ts";

export interface Attempts {
  /** Records what may be repeated without end by who has no right to it: once, and then how often in a minute. */
  note(deed: Deed): void;
  /** Records what was counted since. */
  close(): void;
}

interface Counted {
  deed: Deed;
  /** Those after the one that was recorded. */
  more: number;
  timer: NodeJS.Timeout;
}

/** Milliseconds. */
const window = 60_000;
/** Different things from one address, and in all, in a minute: what goes beyond is counted together. */
const most = { ofAddress: 20, inAll: 500 };
const several = "(several)";

/**
 * Keeps a log readable, and small, while somebody guesses passwords or knocks at every door. The first try of each kind is
 * recorded at once, the rest of a minute as one entry with its number.
 */
export function createAttempts(record: (deed: Deed) => void): Attempts {
  const counted = new Map<string, Counted>();
  const addresses = new Map<string, number>();

  function note(deed: Deed): void {
    const known = find(deed) ?? find(crowded(deed));
    if (known) known.more += 1;
    else begin(deed);
  }

  function begin(deed: Deed): void {
    const here = addresses.get(deed.from) ?? 0;
    const own = here < most.ofAddress && counted.size < most.inAll;
    record(deed);
    const kept = own ? deed : crowded(deed);
    addresses.set(kept.from, (addresses.get(kept.from) ?? 0) + 1);
    counted.set(keyOf(kept), { deed: kept, more: 0, timer: later(kept) });
  }

  const find = (deed: Deed): Counted | undefined => counted.get(keyOf(deed));

  /** Everybody else at that address; and when there are too many addresses, at any. */
  function crowded({ username, resource, project_id, ...deed }: Deed): Deed {
    const from = counted.size < most.inAll ? deed.from : several;
    return { ...deed, username: several, resource: several, from };
  }

  function later(deed: Deed): NodeJS.Timeout {
    return setTimeout(() => end(deed), window).unref();
  }

  function end(deed: Deed): void {
    const found = find(deed);
    if (!found) return;
    if (tell(found)) {
      found.more = 0;
      found.timer = later(deed);
      return;
    }
    counted.delete(keyOf(deed));
    const left = (addresses.get(deed.from) ?? 1) - 1;
    if (left > 0) addresses.set(deed.from, left);
    else addresses.delete(deed.from);
  }

  function tell({ deed, more }: Counted): boolean {
    if (more > 0) record({ ...deed, operation_description: `${more} more within a minute` });
    return more > 0;
  }

  return {
    note,
    close() {
      for (const one of counted.values()) {
        clearTimeout(one.timer);
        tell(one);
      }
      counted.clear();
      addresses.clear();
    },
  };
}

function keyOf({ username, operation, resource_type, resource, operation_result, from }: Deed): string {
  return JSON.stringify([username, operation, resource_type, resource, operation_result, from]);
}
