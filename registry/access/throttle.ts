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

  async function attempt<T>(
    account: string,
    address: string,
    check: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const pair = `${account.toLowerCase()}\0${address}`;
    const here = isHere(address);
    if (!here) {
      refuse(addresses.get(address), mostOfAddress);
      refuse(pairs.get(pair), free);
    }
    const found = await check();
    if (found !== undefined) {
      pairs.delete(pair);
      return found;
    }
    const { failures } = count(pairs, pair);
    if (!here) count(addresses, address);
    await new Promise((resolve) =>
      setTimeout(resolve, Math.min(300 * 2 ** Math.max(0, failures - 3), longestHere)),
    );
    return undefined;
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
    // One try at a time for each pair: a hundred at once are no faster than one after the other.
    attempt(account, address, check) {
      const key = `${account.toLowerCase()}\0${address}`;
      const before = running.get(key) ?? Promise.resolve();
      const mine = before.then(
        () => attempt(account, address, check),
        () => attempt(account, address, check),
      );
      running.set(key, mine);
      void mine.catch(() => undefined).finally(() => running.get(key) === mine && running.delete(key));
      return mine;
    },
  };
}

function isHere(address: string): boolean {
  return address === "window" || address === "::1" || /^(::ffff:)?127\./.test(address);
}
