import { AndFilter, EqualityFilter, PresenceFilter, SubstringFilter, type Entry, type Filter } from "ldapts";
import { Email } from "../contract/users.ts";
import { groupsOf } from "./directory-groups.ts";
import { fold } from "./distinguished-names.ts";
import { valuesOf, type Connection } from "./ldap-connection.ts";
import { filterOf, type LdapSettings } from "./ldap-settings.ts";
import { isReserved } from "./names.ts";

/** Somebody in the directory, as Berth would know them. */
export interface Person {
  dn: string;
  /** What the directory compares: two people whose `username` is the same are told apart by it. */
  directory_name: string;
  username: string;
  realname: string;
  email?: string;
  group_dns: string[];
}

export type Found = { person: Person } | { why: string };

/** The one person of that name; a sentence where there is none, more than one, or one that cannot be a user here. */
export async function findPerson(
  connection: Connection,
  settings: LdapSettings,
  name: string,
): Promise<Found> {
  const wanted = fold(name);
  const equal = new EqualityFilter({ attribute: settings.ldap_uid, value: name.trim() });
  const entries = await connection.search({
    ...peopleOf(settings, equal),
    attributes: attributesOf(settings),
  });
  const [entry, another] = entries;
  if (!entry) return { why: `the directory knows nobody named ${name}` };
  if (another) return { why: `the directory knows more than one person named ${name}` };
  // Of several names the one that was asked for counts: any other may be somebody else's too.
  const spelt = valuesOf(entry, settings.ldap_uid).find((value) => fold(value) === wanted);
  const why = spelt === undefined ? `the directory's entry has another name than ${name}` : whyNoUser(spelt);
  if (spelt === undefined || why !== undefined) return { why: why ?? "" };
  return { person: { ...personOf(entry, spelt), group_dns: await groupsOf(connection, settings, entry) } };
}

/** People whose name has that part, a hundred at most. */
export async function searchPeople(
  connection: Connection,
  settings: LdapSettings,
  part: string,
): Promise<Omit<Person, "group_dns">[]> {
  const attribute = settings.ldap_uid;
  const filter =
    part === "" ? new PresenceFilter({ attribute }) : new SubstringFilter({ attribute, any: [part] });
  const attributes = attributesOf(settings);
  const entries = await connection.search({ ...peopleOf(settings, filter), attributes, most: 100 });
  return entries
    .map((entry) => personOf(entry, valuesOf(entry, attribute)[0] ?? ""))
    .filter(({ directory_name }) => whyNoUser(directory_name) === undefined)
    .sort((a, b) => (a.username < b.username ? -1 : 1));
}

/** Where people are, and which: the administrator's filter and this one, joined as values and never as text. */
export function peopleOf(settings: LdapSettings, filter: Filter) {
  const own = filterOf(settings.ldap_filter, "ldap_filter");
  return {
    base: settings.ldap_base_dn,
    scope: settings.ldap_scope,
    filter: own ? new AndFilter({ filters: [own, filter] }) : filter,
  };
}

function attributesOf(settings: LdapSettings): string[] {
  const asked = [
    settings.ldap_uid,
    "cn",
    "displayName",
    "mail",
    "email",
    settings.ldap_group_membership_attribute,
  ];
  return [...new Set(asked)].filter((attribute) => attribute !== "");
}

function personOf(entry: Entry, spelt: string): Omit<Person, "group_dns"> {
  const mail = [...valuesOf(entry, "mail"), ...valuesOf(entry, "email")];
  const email = mail.map((address) => Email.safeParse(address.trim()).data).find(Boolean);
  const shown = [...valuesOf(entry, "cn"), ...valuesOf(entry, "displayName"), spelt];
  return {
    dn: entry.dn,
    directory_name: fold(spelt),
    // Harbor: rbac 7.3; a directory does not tell cases apart, so neither may two users here.
    username: spelt.normalize("NFC").trim().toLowerCase().replaceAll(",", "_"),
    realname: (shown.find((text) => text.trim() !== "") ?? "")
      .replace(/\p{Cc}/gu, " ")
      .trim()
      .slice(0, 255),
    ...(email === undefined ? {} : { email }),
  };
}

function whyNoUser(spelt: string): string | undefined {
  if (isReserved(spelt)) return `the name ${spelt} is the built-in administrator's, or reads like it`;
  if (/["~#%$:\p{Cc}]/u.test(spelt)) return `the name ${spelt} has a sign that no user's name may have`;
  return spelt.trim() === "" || spelt.length > 255 ? "the name is empty or too long" : undefined;
}
