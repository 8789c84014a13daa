import type { Caller } from "../registry/access/caller.ts";
import type { SecretStore } from "../registry/config.ts";
import type { Registry } from "../registry/registry.ts";
import type { Log } from "./host.ts";

/** Who is signed in at this window. The page never holds the token. */
export interface Session {
  callerOf(registry: Registry): Promise<Caller>;
}

interface Deps {
  secrets: () => Promise<SecretStore>;
  /** Told when the registry knows the kept token no more. */
  ended: () => void;
  /** Told when somebody has signed in or out. */
  changed: () => void;
  log: Log;
}

/** Keeps the session's token among this computer's secrets, so that the next start is signed in. */
export function createSession({ secrets, ended, changed, log }: Deps): Session {
  let token: Promise<string | undefined> | undefined;

  async function keep(fresh: string | undefined): Promise<void> {
    token = Promise.resolve(fresh);
    changed();
    try {
      const store = await secrets();
      await (fresh === undefined ? store.remove("session") : store.set("session", fresh));
    } catch (error) {
      // Signed in all the same, only not after the next start.
      log({ level: "warn", message: "the session could not be kept", reason: String(error) });
    }
  }

  return {
    async callerOf(registry) {
      token ??= secrets()
        .then((store) => store.get("session"))
        .catch((error: unknown) => {
          log({ level: "warn", message: "the session could not be read", reason: String(error) });
          return undefined;
        });
      const asked = token;
      const held = await asked;
      const caller = await registry.caller(held, { from: "window", agent: "Berth window", keep });
      if (held !== undefined && caller.session === undefined && token === asked) {
        await keep(undefined);
        ended();
      }
      return caller;
    },
  };
}
