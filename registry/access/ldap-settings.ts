import { X509Certificate } from "node:crypto";
import { FilterParser, type Filter } from "ldapts";
import type { Settings } from "../contract/configuration.ts";
import { Fault } from "../contract/fault.ts";
import { isDn } from "./distinguished-names.ts";

/** What a directory is asked by; with the search account's password. */
export type LdapSettings = Pick<Settings, Extract<keyof Settings, `ldap_${string}`>>;

export interface DirectoryAddress {
  url: string;
  host: string;
  port: number;
  /** TLS from the first byte. */
  secure: boolean;
}

/**
 * Where the directory is: `ldap://` unless it says otherwise, port 636 means TLS. Harbor: rbac 7.2.
 *
 * Throws `BAD_REQUEST`.
 */
export function addressOf(url: string): DirectoryAddress {
  const form = /^(?:(ldaps?):\/\/)?([a-z0-9]|[a-z0-9][a-z0-9._-]*[a-z0-9])(?::(\d{1,5}))?\/?$/i;
  const [whole, scheme = "ldap", host = "", number] = form.exec(url.trim()) ?? [];
  if (whole === undefined || Number(number) > 65_535) {
    throw new Fault(
      "BAD_REQUEST",
      "ldap_url is ldap://NAME:PORT or ldaps://NAME:PORT, the port if it is not the usual one",
    );
  }
  const secure = scheme.toLowerCase() === "ldaps" || number === "636";
  const port = Number(number ?? (secure ? 636 : 389));
  return { url: `${secure ? "ldaps" : "ldap"}://${host}:${port}`, host, port, secure };
}

/** The administrator's filter, with or without its outer parentheses. Throws `BAD_REQUEST` for what is none. RFC 4515. */
export function filterOf(text: string, setting: string): Filter | undefined {
  const filter = text.trim();
  if (filter === "") return undefined;
  try {
    // The library forgives parentheses that are left open at the end.
    if (filter.split("(").length !== filter.split(")").length) throw new Error("unbalanced");
    return FilterParser.parseString(filter);
  } catch {
    throw new Fault(
      "BAD_REQUEST",
      `${setting} is not a filter: write it like (&(objectClass=person)(!(title=guest)))`,
    );
  }
}

/** The settings of the directory, looked at before they are kept or used. Throws `BAD_REQUEST` that says which one is wrong. */
export function checkLdapSettings(next: LdapSettings): void {
  if (next.ldap_url !== "" && addressOf(next.ldap_url).secure && next.ldap_starttls) {
    throw new Fault("BAD_REQUEST", "ldaps has TLS from the start: it takes no StartTLS");
  }
  for (const key of ["ldap_base_dn", "ldap_group_base_dn", "ldap_group_admin_dn"] as const) {
    if (next[key] !== "" && !isDn(next[key])) {
      throw new Fault("BAD_REQUEST", `${key} is not a distinguished name: write it like dc=example,dc=com`);
    }
  }
  for (const key of ["ldap_uid", "ldap_group_attribute_name", "ldap_group_membership_attribute"] as const) {
    if (!/^$|^(?!dn$)[a-z][a-z0-9-]*$|^\d+(\.\d+)+$/i.test(next[key])) {
      throw new Fault("BAD_REQUEST", `${key} is not the name of an attribute: write it like uid`);
    }
  }
  filterOf(next.ldap_filter, "ldap_filter");
  filterOf(next.ldap_group_search_filter, "ldap_group_search_filter");
  if (next.ldap_ca !== "" && !isCertificate(next.ldap_ca)) {
    throw new Fault("BAD_REQUEST", "ldap_ca is not a certificate: paste it with its BEGIN and END lines");
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
