import { createHash, randomBytes } from "node:crypto";
import type { Collections, SessionDocument } from "../store/collections.ts";

export interface Sessions {
  /** A new session's token, 256 bits. Only its hash is kept here. */
  open(user_id: number, about: { from: string; agent: string; minutes: number }): Promise<string>;
  /** The session, if it is still good; using one keeps it alive. */
  find(token: string): Promise<SessionDocument | undefined>;
  /** Whether the session of that hash still counts; asking does not keep it alive. */
  isGood(hash: string): Promise<boolean>;
  /** Those of a user that are still good, newest first. */
  of(user_id: number): Promise<SessionDocument[]>;
  close(hash: string): Promise<void>;
  closeAll(user_id: number): Promise<void>;
}

/** Who is signed in, in a browser or in the window. */
export function createSessions({ sessions }: Pick<Collections, "sessions">, now: () => Date): Sessions {
  return {
    async open(user_id, { from, agent, minutes }) {
      const token = randomBytes(32).toString("base64url");
      const created = now();
      const expires = new Date(created.getTime() + minutes * 60_000);
      await sessions.insert({
        hash: hashOf(token),
        user_id,
        created: created.toISOString(),
        expires: expires.toISOString(),
        minutes,
        from,
        agent: agent.slice(0, 200),
      });
      return token;
    },

    async find(token) {
      const found = await sessions.get(hashOf(token));
      if (!found) return undefined;
      const left = Date.parse(found.expires) - now().getTime();
      if (left <= 0) {
        await sessions.remove(found.hash);
        return undefined;
      }
      // Writing at every request would cost a disk sync each; a tenth of the life is near enough.
      if (left < found.minutes * 54_000) {
        const expires = new Date(now().getTime() + found.minutes * 60_000).toISOString();
        await sessions.update(found.hash, { expires });
      }
      return found;
    },

    async isGood(hash) {
      const found = await sessions.get(hash);
      return found !== undefined && Date.parse(found.expires) > now().getTime();
    },

    async of(user_id) {
      const found = await sessions.list({ where: { user_id }, sort: ["-created"] });
      return found.filter((session) => Date.parse(session.expires) > now().getTime());
    },

    async close(hash) {
      await sessions.remove(hash);
    },

    async closeAll(user_id) {
      await sessions.removeAll({ user_id });
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
