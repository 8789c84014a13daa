import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { SettingsStore } from "../settings.ts";
import type { Collections, UserDocument } from "../store/collections.ts";
import { withDirectory, type Connection } from "./ldap-connection.ts";
import type { LdapSettings } from "./ldap-settings.ts";
import type { Onboarding } from "./onboarding.ts";
import { findPerson } from "./people.ts";
import type { Directory } from "./sign-in.ts";

export interface LdapDirectory extends Directory {
  /** Makes a person known here who has not signed in yet. Throws `NOT_FOUND`, `CONFLICT`, `SERVICE_UNAVAILABLE`. */
  introduce(name: string): Promise<UserDocument>;
  /** Asks the directory that is set. Throws `PRECONDITION` where none is, and `SERVICE_UNAVAILABLE`. */
  ask<T>(work: (connection: Connection, settings: LdapSettings) => Promise<T>): Promise<T>;
}

interface Deps {
  settings: Pick<SettingsStore, "current" | "secret">;
  collections: Pick<Collections, "users">;
  onboarding: Onboarding;
  now: () => Date;
  log: (line: LogLine) => void;
}

/** Milliseconds that a right password is remembered, because clients with Basic auth send it with every request. */
const memoryLife = 60_000;
/** Milliseconds that a directory which kept us waiting in vain is left alone: those in a row must not wait for each other's limits. */
const pause = 2_000;

/** People whom an LDAP directory knows: they prove themselves there, and are users here from then on. Harbor: rbac 7.3. */
export function createDirectory({ settings, collections, onboarding, now, log }: Deps): LdapDirectory {
  const remembered = new LRUCache<string, { user_id: number; until: number }>({ max: 10_000 });
  const memoryKey = randomBytes(32);
  let silence: { of: string; until: number; fault: Fault } | undefined;

  async function configured(): Promise<LdapSettings> {
    if (settings.current.ldap_url === "")
      throw new Fault("PRECONDITION", "no directory is set: give its address in the settings first");
    return {
      ...settings.current,
      ldap_search_password: (await settings.secret("ldap_search_password")) ?? "",
    };
  }

  async function ask<T>(work: (connection: Connection, settings: LdapSettings) => Promise<T>): Promise<T> {
    const wanted = await configured();
    const of = JSON.stringify(wanted);
    if (silence?.of === of && silence.until > now().getTime()) throw silence.fault;
    const started = performance.now();
    try {
      return await withDirectory(wanted, (connection) => work(connection, wanted));
    } catch (error) {
      if (error instanceof Fault && error.code === "SERVICE_UNAVAILABLE") {
        log({ level: "warn", message: error.message, url: wanted.ldap_url });
        if (performance.now() - started > wanted.ldap_timeout * 500)
          silence = { of, until: now().getTime() + pause, fault: error };
      }
      throw error;
    }
  }

  async function signIn(principal: string, password: string): Promise<UserDocument | undefined> {
    if (!isPlausible(principal, password)) return undefined;
    const person = await ask(async (connection, wanted) => {
      const found = await findPerson(connection, wanted, principal);
      if ("why" in found) return undefined;
      return (await connection.verify(found.person.dn, password)) ? found.person : undefined;
    });
    const key = keyOf(principal, password);
    remembered.delete(key);
    if (!person) return undefined;
    const user = await onboarding.keep(person);
    remembered.set(key, { user_id: user.user_id, until: now().getTime() + memoryLife });
    return user;
  }

  /** With the settings in it, so that another directory's word does not count. */
  function keyOf(principal: string, password: string): string {
    const text = JSON.stringify([settings.current, principal, password]);
    return createHmac("sha256", memoryKey).update(text).digest("base64");
  }

  return {
    active: () => settings.current.auth_mode === "ldap_auth",
    ask,
    signIn,

    async verify(principal, password) {
      const known = remembered.get(keyOf(principal, password));
      const user =
        known && known.until > now().getTime()
          ? await collections.users.get(String(known.user_id))
          : undefined;
      return user ?? signIn(principal, password);
    },

    async introduce(name) {
      const found = await ask((connection, wanted) => findPerson(connection, wanted, name));
      if ("why" in found) throw new Fault("NOT_FOUND", found.why);
      return onboarding.keep(found.person);
    },
  };
}

/** A password that a server could take for none is none: that bind would be anonymous. RFC 4513 5.1.2 */
function isPlausible(principal: string, password: string): boolean {
  if (password.trim() === "" || password.includes("\0")) return false;
  return principal.trim() !== "" && principal.length <= 255 && !/\p{Cc}/u.test(principal);
}
