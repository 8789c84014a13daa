import type { Caller } from "./access/caller.ts";
import { checkLdapSettings } from "./access/ldap-settings.ts";
import { type configurations, defaults, secretKeys, Settings } from "./contract/configuration.ts";
import { Fault } from "./contract/fault.ts";
import type { Handlers } from "./contract/operation.ts";
import type { SecretStore } from "./config.ts";
import type { Locks } from "./store/locks.ts";
import type { Collections } from "./store/collections.ts";

type SecretKey = (typeof secretKeys)[number];

export interface SettingsStore extends Pick<Handlers<typeof configurations, Caller>, "get" | "update"> {
  /** As they stand now; secrets are empty in it. */
  readonly current: Readonly<Settings>;
  secret(key: SecretKey): Promise<string | undefined>;
}

interface Deps {
  collections: Pick<Collections, "facts" | "users">;
  secrets: SecretStore;
  locks: Locks;
  /** Told after each change. */
  changed?(): void;
}

type Changes = Parameters<Handlers<typeof configurations, Caller>["update"]>[0];

const fact = "settings";
const isSecret = (key: string): key is SecretKey => (secretKeys as readonly string[]).includes(key);

/** The administrator's settings: kept as one document, read from memory, changed for the very next request. */
export async function openSettings({ collections, secrets, locks, changed }: Deps): Promise<SettingsStore> {
  const { facts, users } = collections;
  let current = await read();

  async function read(): Promise<Settings> {
    const kept = ((await facts.get(fact))?.value ?? {}) as Record<string, unknown>;
    // One by one: a value that is not good any more must not take the others with it.
    const good = Object.entries(Settings.shape).flatMap(([key, schema]) => {
      const read = schema.safeParse(kept[key]);
      return read.success ? [[key, read.data]] : [];
    });
    return { ...defaults, ...(Object.fromEntries(good) as Partial<Settings>) };
  }

  /** People of one mode are nobody in the other. Harbor: rbac 7.1. */
  async function whyFixed(): Promise<string | undefined> {
    const people = (await users.count()) - 1;
    if (people <= 0) return undefined;
    return `the mode is fixed while there are users besides admin: there ${people === 1 ? "is one" : `are ${people}`}`;
  }

  return {
    get current() {
      return current;
    },

    secret: (key) => secrets.get(key),

    async get() {
      const reason = await whyFixed();
      const entries = Object.entries(current).map(async ([key, value]) => {
        if (isSecret(key))
          return [key, { value: "", editable: true, is_set: (await secrets.get(key)) !== undefined }];
        const fixed = key === "auth_mode" && reason !== undefined;
        return [key, { value, editable: !fixed, ...(fixed ? { reason } : {}) }];
      });
      return Object.fromEntries(await Promise.all(entries)) as Awaited<ReturnType<SettingsStore["get"]>>;
    },

    update: (changes) => locks.lock("settings", () => change(changes)),
  };

  async function change({ email_password, ldap_search_password, ...changes }: Changes): Promise<void> {
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const next: Settings = { ...current, ...given };
    if (next.auth_mode !== current.auth_mode) {
      const reason = await whyFixed();
      if (reason) throw new Fault("BAD_REQUEST", reason);
    }
    if (next.auth_mode === "ldap_auth" && (next.ldap_url === "" || next.ldap_uid === "")) {
      throw new Fault(
        "BAD_REQUEST",
        "LDAP needs the directory's address and the attribute that holds the user name",
      );
    }
    checkLdapSettings(next);
    await requireSecretAgain(current, next, { email_password, ldap_search_password });
    for (const [key, value] of Object.entries({ email_password, ldap_search_password })) {
      if (value === null) await secrets.remove(key);
      else if (value !== undefined && value !== "") await secrets.set(key, value);
    }
    await facts.put({ name: fact, value: { ...next, email_password: "", ldap_search_password: "" } });
    current = next;
    changed?.();
  }

  /** A kept password is not sent to another server than the one it was given for. */
  async function requireSecretAgain(
    before: Settings,
    after: Settings,
    given: Record<SecretKey, string | null | undefined>,
  ): Promise<void> {
    const moved: Record<SecretKey, boolean> = {
      email_password: before.email_host !== after.email_host,
      ldap_search_password: before.ldap_url !== after.ldap_url,
    };
    for (const key of secretKeys) {
      const kept = given[key] === undefined || given[key] === "";
      if (moved[key] && kept && (await secrets.get(key)) !== undefined) {
        throw new Fault("BAD_REQUEST", `the server is another one: give ${key} again`);
      }
    }
  }
}
