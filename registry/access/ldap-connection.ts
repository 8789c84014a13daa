import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client, type Entry, type Filter, type SearchOptions } from "ldapts";
import { fold } from "./distinguished-names.ts";
import { isAbsence, isRefusal, silent, toDirectoryFault, unhelpful } from "./ldap-faults.ts";
import { addressOf, type LdapSettings } from "./ldap-settings.ts";

export interface Search {
  base: string;
  /** 0 the entry itself, 1 one level below, 2 the whole tree. */
  scope: number;
  filter: Filter;
  attributes: readonly string[];
  /** At most so many, and then no complaint that there are more; without it a part is never taken for the whole. */
  most?: number;
  /** An entry that is not there has no answer, instead of being a trouble. */
  mayBeAbsent?: true;
}

/** One conversation with a directory, in which the search account has signed in. */
export interface Connection {
  search(wanted: Search): Promise<Entry[]>;
  /** Whether the password is that entry's. Ends the search account's rights, so it comes last. */
  verify(dn: string, password: string): Promise<boolean>;
}

const scopes = ["base", "one", "sub"] as const;

/**
 * Connects, signs the search account in, does the work, and hangs up: all within `ldap_timeout` seconds, whatever the other
 * side does. Referrals are not followed.
 *
 * Throws `SERVICE_UNAVAILABLE`, in words, for a directory that is out of reach or of no help.
 */
export async function withDirectory<T>(
  settings: LdapSettings,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { url, host, secure } = addressOf(settings.ldap_url);
  const tls = tlsOptionsOf(settings, host);
  const seconds = settings.ldap_timeout;
  // The library's own limits are for each step; they only have to end what outlives the limit of the whole.
  const limit = seconds * 1000 + 500;
  const client = new Client({
    url,
    timeout: limit,
    connectTimeout: limit,
    ...(secure ? { tlsOptions: tls } : {}),
  });

  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(silent(`it gave no answer within ${seconds} second${seconds === 1 ? "" : "s"}`)),
      seconds * 1000,
    );
  });

  async function converse(): Promise<T> {
    if (settings.ldap_starttls) await encrypt(client, tls);
    await signIn(client, settings);
    return work(connectionOf(client, seconds));
  }

  try {
    return await Promise.race([converse(), late]);
  } catch (error) {
    throw toDirectoryFault(error);
  } finally {
    clearTimeout(timer);
    void client.unbind().catch(() => undefined);
  }
}

function connectionOf(client: Client, seconds: number): Connection {
  return {
    async search({ base, scope, filter, attributes, most, mayBeAbsent }) {
      stillOpen(client);
      const options: SearchOptions = {
        scope: scopes[scope] ?? "sub",
        filter,
        attributes: [...attributes],
        timeLimit: seconds,
        ...(most === undefined ? {} : { sizeLimit: most }),
      };
      try {
        return (await client.search(base, options)).searchEntries;
      } catch (error) {
        if (mayBeAbsent && isAbsence(error)) return [];
        throw error;
      }
    },

    async verify(dn, password) {
      // With an empty password a bind is anonymous, and succeeds for everybody. RFC 4513 5.1.2
      if (dn === "" || password === "") return false;
      stillOpen(client);
      try {
        await client.bind(dn, password);
        return true;
      } catch (error) {
        if (isRefusal(error)) return false;
        throw error;
      }
    },
  };
}

async function encrypt(client: Client, tls: ConnectionOptions): Promise<void> {
  try {
    await client.startTLS(tls);
  } catch (error) {
    throw isRefusal(error) || (error as { code?: unknown }).code === 2
      ? unhelpful("it does not offer StartTLS")
      : error;
  }
  stillOpen(client);
}

/**
 * The search account's bind; an anonymous one where there is no account.
 *
 * Always the first thing said after StartTLS: an answer that somebody slipped in before the encryption could pass for that
 * of the next request alone, and nothing hangs on this one. RFC 4513 5.1.2: a name without a password is anonymous too.
 */
async function signIn(client: Client, settings: LdapSettings): Promise<void> {
  const { ldap_search_dn: dn, ldap_search_password: password } = settings;
  if (dn !== "" && password === "") throw unhelpful("the search account has no password");
  try {
    await client.bind(dn, dn === "" ? "" : password);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw unhelpful(
      dn === ""
        ? "it lets nobody search without an account"
        : "it refuses the search account or its password",
    );
  }
}

/** The library would connect anew, without StartTLS, and send what comes next in the clear. */
function stillOpen(client: Client): void {
  if (!client.isConnected) throw silent("it ended the connection");
}

function tlsOptionsOf(settings: LdapSettings, host: string): ConnectionOptions {
  return {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(settings.ldap_ca === "" ? {} : { ca: settings.ldap_ca }),
    rejectUnauthorized: settings.ldap_verify_cert,
    minVersion: "TLSv1.2",
  };
}

/** An entry's values of an attribute, whose name it may spell in its own way. */
export function valuesOf(entry: Entry, attribute: string): string[] {
  const wanted = fold(attribute);
  const [, found] = Object.entries(entry).find(([name]) => name !== "dn" && fold(name) === wanted) ?? [];
  return [found ?? []].flat().map(String);
}
