import { z } from "zod";
import { Settings } from "../registry/contract/configuration.ts";
import { isSecret, type SettingKey } from "./stores/configuration.ts";

export interface SettingGroup {
  name: string;
  keys: readonly SettingKey[];
  /** Shown only when users are kept by a directory. */
  directory?: true;
}

const group = (name: string, ...keys: SettingKey[]): SettingGroup => ({ name, keys });

/** The settings by tab, as people look for them. Every setting is here. */
export const settingTabs = {
  authentication: [
    group("mode", "auth_mode"),
    {
      ...group(
        "ldap",
        "ldap_url",
        "ldap_starttls",
        "ldap_verify_cert",
        "ldap_ca",
        "ldap_search_dn",
        "ldap_search_password",
        "ldap_base_dn",
        "ldap_filter",
        "ldap_uid",
        "ldap_scope",
        "ldap_timeout",
      ),
      directory: true,
    },
    {
      ...group(
        "ldapGroups",
        "ldap_group_base_dn",
        "ldap_group_search_filter",
        "ldap_group_attribute_name",
        "ldap_group_search_scope",
        "ldap_group_membership_attribute",
        "ldap_group_admin_dn",
      ),
      directory: true,
    },
  ],
  projects: [group("projects", "project_creation_restriction")],
  registration: [group("registration", "self_registration")],
  sessions: [group("sessions", "token_expiration", "session_timeout", "robot_token_duration")],
  certificates: [group("certificates", "verify_remote_cert")],
  mail: [
    group(
      "mail",
      "email_host",
      "email_port",
      "email_tls",
      "email_insecure",
      "email_username",
      "email_password",
      "email_from",
    ),
  ],
  system: [
    group("readOnly", "read_only"),
    group("banner", "banner_message"),
    group("address", "ext_endpoint"),
    group("log", "audit_retention_days"),
  ],
} as const satisfies Record<string, readonly SettingGroup[]>;
export type SettingTab = keyof typeof settingTabs;

type Control =
  | { kind: "switch" }
  | { kind: "choice"; values: readonly (string | number)[] }
  | { kind: "number"; min: number; max: number }
  | { kind: "text" | "lines" | "secret"; most: number };

const scopes = [2, 1, 0];
const several: readonly SettingKey[] = ["banner_message", "ldap_ca"];

/** How a setting is entered: its schema tells. */
export function controlOf(key: SettingKey): Control {
  const schema = Settings.shape[key];
  if (key === "ldap_scope" || key === "ldap_group_search_scope") return { kind: "choice", values: scopes };
  if (schema instanceof z.ZodEnum) return { kind: "choice", values: schema.options };
  if (schema instanceof z.ZodNumber) {
    return { kind: "number", min: schema.minValue ?? 0, max: schema.maxValue ?? Number.MAX_SAFE_INTEGER };
  }
  if (key !== "ext_endpoint" && schema instanceof z.ZodUnion) return { kind: "switch" };
  const most = schema instanceof z.ZodString ? (schema.maxLength ?? 1000) : 255;
  if (isSecret(key)) return { kind: "secret", most };
  return { kind: several.includes(key) ? "lines" : "text", most };
}

/** Whether the registry would take the value. */
export function isGood(key: SettingKey, value: unknown): boolean {
  return value === null || Settings.shape[key].safeParse(value).success;
}
