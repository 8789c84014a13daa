import { z } from "zod";
import { operation } from "./operation.ts";
import { Flag } from "./paging.ts";
import { nothing, one } from "./reply.ts";

const minutes = (most: number) => z.coerce.number().int().min(1).max(most);
const words = (most: number) => z.string().max(most);

/** What an administrator sets, with Harbor's keys. Every one takes effect at the next request. Harbor API 8. */
export const Settings = z.object({
  auth_mode: z.enum(["db_auth", "ldap_auth"]),
  self_registration: Flag,
  project_creation_restriction: z.enum(["everyone", "adminonly"]),
  /** Minutes that a token for docker lives. */
  token_expiration: minutes(24 * 60),
  /** Minutes that a browser's session lives on after its last use. */
  session_timeout: minutes(30 * 24 * 60),
  /** Days that a robot account lives, when it is not said. */
  robot_token_duration: minutes(10_000),
  verify_remote_cert: Flag,
  read_only: Flag,
  banner_message: words(2000),
  /** The address that people reach this registry by: links in mails begin with it. Empty means this machine. */
  ext_endpoint: z.union([z.literal(""), z.url({ protocol: /^https?$/ }).max(255)]),
  /** Days that the log is kept; 0 keeps it for good. */
  audit_retention_days: z.coerce.number().int().min(0).max(36_500),
  email_host: words(255),
  email_port: z.coerce.number().int().min(1).max(65_535),
  /** How the connection is secured: from the start, by STARTTLS, or not at all. */
  email_tls: z.enum(["tls", "starttls", "none"]),
  email_insecure: Flag,
  email_username: words(255),
  email_password: words(255),
  email_from: words(255),
  ldap_url: words(1000),
  ldap_search_dn: words(1000),
  ldap_search_password: words(255),
  ldap_base_dn: words(1000),
  ldap_filter: words(1000),
  ldap_uid: words(100),
  /** 0 the entry itself, 1 one level below, 2 the whole tree. */
  ldap_scope: z.coerce.number().int().min(0).max(2),
  /** Seconds. */
  ldap_timeout: z.coerce.number().int().min(1).max(60),
  ldap_verify_cert: Flag,
  ldap_starttls: Flag,
  /** The authority that signed the directory's certificate, PEM; empty for those that everybody trusts. */
  ldap_ca: words(20_000),
  ldap_group_base_dn: words(1000),
  ldap_group_search_filter: words(1000),
  ldap_group_attribute_name: words(100),
  ldap_group_search_scope: z.coerce.number().int().min(0).max(2),
  ldap_group_membership_attribute: words(100),
  ldap_group_admin_dn: words(1000),
});
export type Settings = z.output<typeof Settings>;

export const defaults: Settings = {
  auth_mode: "db_auth",
  self_registration: false,
  project_creation_restriction: "everyone",
  token_expiration: 30,
  session_timeout: 60,
  robot_token_duration: 30,
  verify_remote_cert: true,
  read_only: false,
  banner_message: "",
  ext_endpoint: "",
  audit_retention_days: 0,
  email_host: "",
  email_port: 587,
  email_tls: "starttls",
  email_insecure: false,
  email_username: "",
  email_password: "",
  email_from: "",
  ldap_url: "",
  ldap_search_dn: "",
  ldap_search_password: "",
  ldap_base_dn: "",
  ldap_filter: "",
  ldap_uid: "uid",
  ldap_scope: 2,
  ldap_timeout: 5,
  ldap_verify_cert: true,
  ldap_starttls: false,
  ldap_ca: "",
  ldap_group_base_dn: "",
  ldap_group_search_filter: "",
  ldap_group_attribute_name: "cn",
  ldap_group_search_scope: 2,
  ldap_group_membership_attribute: "memberof",
  ldap_group_admin_dn: "",
};

/** Those that are kept among the secrets and never shown again. */
export const secretKeys = ["email_password", "ldap_search_password"] as const;

/** One setting as it stands; `is_set` is for a secret, whose value is left empty. */
const Shown = z.object({
  value: z.union([z.string(), z.number(), z.boolean()]),
  editable: z.boolean(),
  is_set: z.boolean().optional(),
  /** Why it cannot be changed now. */
  reason: z.string().optional(),
});

export const configurations = {
  get: operation({
    rest: "GET /configurations",
    access: "admin",
    says: "Reads every setting; a secret's value is never told.",
    input: z.object({}),
    returns: one(z.record(z.string(), Shown)),
  }),
  update: operation({
    rest: "PUT /configurations",
    access: "admin",
    says: "Changes the settings that are named; an empty secret stays as it is, null forgets it.",
    input: Settings.partial().extend({
      email_password: words(255).nullish(),
      ldap_search_password: words(255).nullish(),
    }),
    returns: nothing,
    records: ["update", "configuration"],
  }),
  testMail: operation({
    rest: "POST /email/ping",
    access: "admin",
    says: "Sends a test mail with these settings, or with the stored ones where they are not given.",
    input: Settings.pick({
      email_host: true,
      email_port: true,
      email_tls: true,
      email_insecure: true,
      email_username: true,
      email_password: true,
      email_from: true,
    })
      .partial()
      .extend({ to: z.email().max(255) }),
    returns: nothing,
  }),
};
