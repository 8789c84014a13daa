import { createHash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { Collections } from "../store/collections.ts";
import type { Caller } from "./caller.ts";

export interface Reset {
  forgot(input: { email: string }, caller: Caller): Promise<void>;
  reset(input: { token: string; password: string }, caller: Caller): Promise<void>;
  /** Makes every link of that user worthless. */
  forget(user_id: number): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "users" | "resets">;
  /** Sends the letter with the link, when there is time; what fails is logged, never told to who asked. */
  deliver(to: string, link: string): void;
  /** The address that people reach this registry by, without a slash at the end. */
  base(): string;
  setPassword(user_id: number, password: string): Promise<void>;
  /** Users are the directory's: there is nothing to reset here. */
  byDirectory(): boolean;
  now: () => Date;
}

const minutes = 30;
const hour = 60 * 60_000;

/**
 * A forgotten password: a link goes out by mail, works once, for half an hour, and only the newest. What is kept of it is
 * its hash. Whether an address is known is told by no answer, and the work of a known one is done after it.
 */
export function createReset({ collections, deliver, base, setPassword, byDirectory, now }: Deps): Reset {
  const { users, resets } = collections;
  const byAccount = new LRUCache<string, number>({ max: 10_000, ttl: hour });
  const byAddress = new LRUCache<string, number>({ max: 10_000, ttl: hour });

  async function forget(user_id: number): Promise<void> {
    await resets.removeAll({ user_id });
  }

  async function send(email: string): Promise<void> {
    const user = await users.find({ email });
    if (!user || user.source === "ldap" || user.password === undefined) return;
    await forget(user.user_id);
    const token = randomBytes(32).toString("base64url");
    const expires = new Date(now().getTime() + minutes * 60_000).toISOString();
    await resets.insert({ hash: hashOf(token), user_id: user.user_id, expires });
    // After the `#` it is seen by the page alone: no server's log and no other page hears of it.
    deliver(user.email, `${base()}/reset-password#${token}`);
  }

  return {
    forget,

    forgot({ email }, { from }) {
      const allowed = !byDirectory() && fewer(byAddress, from, 10) && fewer(byAccount, email, 3);
      if (allowed) setImmediate(() => void send(email).catch(() => undefined));
      return Promise.resolve();
    },

    async reset({ token, password }) {
      const found = byDirectory() ? undefined : await resets.get(hashOf(token));
      // Removing comes first, so that of two at once one wins.
      const mine = found !== undefined && (await resets.remove(found.hash));
      if (!mine || Date.parse(found.expires) < now().getTime()) {
        throw new Fault("BAD_REQUEST", "the link is no good any more: ask for another one");
      }
      await setPassword(found.user_id, password);
    },
  };
}

function fewer(counts: LRUCache<string, number>, key: string, most: number): boolean {
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1, { noUpdateTTL: true });
  return count < most;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
