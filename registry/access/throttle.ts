import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";

export interface Throttle {
  /**
   * Runs one try to sign in. `undefined` from `check` is a failure, and each makes the next one slower.
   *
   * Throws `TOOMANYREQUESTS`, with the seconds to wait as detail, for an address that has guessed too often.
   */
  attempt<T>(account: string, address: string, check: () => Promise<T | undefined>): Promise<T | undefined>;
}

interface Record {
  failures: number;
  /** Milliseconds since 1970. */
  until: number;
  last: number;
}

const free = 5;
const mostOfAddress = 40;
/** Milliseconds. */
const forget = 15 * 60_000;
const longest = 15 * 60_000;
const longestHere = 3_000;

/**
 * Guessing is made slow for each pair of account and address, and for each address: who guesses from one place does not
 * lock out the person who signs in from another. On this machine itself nobody is ever refused, only made to wait
 * for the answer that a password was wrong.
 */
export function createThrottle(now: () => Date): Throttle {
  const pairs = new LRUCache<string, Record>({ max: 20_000 });
  const addresses = new LRUCache<string, Record>({ max: 20_000 });
  const running = new Map<string, Promise<unknown>>();
  const inFlight = new Map<string, number>();

  /** Fails at once for an address that has to wait; answers `undefined` for a try that was wrong, after counting it. */
  async function judge<T>(
    pair: string,
    address: string,
    check: () => Promise<T | undefined>,
  ): Promise<{ found: T | undefined; pause: number }> {
    const here = isHere(address);
    if (!here) {
      refuse(addresses.get(address), mostOfAddress);
      refuse(pairs.get(pair), free);
    }
    const found = await (here ? check() : counted(address, check));
    if (found !== undefined) {
      pairs.delete(pair);
      return { found, pause: 0 };
    }
    const { failures } = count(pairs, pair);
    if (!here) count(addresses, address);
    return { found, pause: Math.min(300 * 2 ** Math.max(0, failures - 3), longestHere) };
  }

  /** Tries that have no outcome yet count as well, or all of them could be made at once. */
  async function counted<T>(address: string, check: () => Promise<T>): Promise<T> {
    const others = inFlight.get(address) ?? 0;
    if (others >= mostOfAddress) {
      throw new Fault("TOOMANYREQUESTS", "too many tries at once: wait for an answer", { retry_after: 1 });
    }
    inFlight.set(address, others + 1);
    try {
      return await check();
    } finally {
      const left = (inFlight.get(address) ?? 1) - 1;
      if (left > 0) inFlight.set(address, left);
      else inFlight.delete(address);
    }
  }

  function refuse(record: Record | undefined, allowed: number): void {
    const left = record && record.failures >= allowed ? record.until - now().getTime() : 0;
    if (left <= 0) return;
    const seconds = Math.ceil(left / 1000);
    throw new Fault("TOOMANYREQUESTS", `too many wrong passwords: try again in ${seconds} seconds`, {
      retry_after: seconds,
    });
  }

  function count(records: LRUCache<string, Record>, key: string): Record {
    const time = now().getTime();
    const known = records.get(key);
    const failures = known && time - known.last < forget ? known.failures + 1 : 1;
    const wait = Math.min(1000 * 2 ** Math.max(0, failures - free), longest);
    const record = { failures, until: time + wait, last: time };
    records.set(key, record);
    return record;
  }

  return {
    async attempt(account, address, check) {
      const pair = `${account.toLowerCase()}\0${address}`;
      // One look at a time for each pair: a hundred at once are no faster than one after the other.
      const before = running.get(pair) ?? Promise.resolve();
      const mine = before.catch(() => undefined).then(() => judge(pair, address, check));
      running.set(pair, mine);
      void mine.catch(() => undefined).finally(() => running.get(pair) === mine && running.delete(pair));
      const { found, pause } = await mine;
      // Waited for outside of the queue, so that who knows the password need not wait for who guesses.
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      return found;
    },
  };
}

function isHere(address: string): boolean {
  return address === "window" || address === "::1" || /^(::ffff:)?127\./.test(address);
}
