/** Who there is, and how they prove it. Field names are Harbor's where Harbor has one; times are RFC 3339. */

export interface UserDocument {
  user_id: number;
  username: string;
  email: string;
  realname: string;
  comment: string;
  sysadmin_flag: boolean;
  /** Absent while nobody can sign in as this user. */
  password?: string;
  /** Tokens and sessions from before this are void. RFC 3339. */
  password_time?: string;
  /** `ldap` for who signs in by the directory, and has no password here. */
  source?: "ldap";
  /** The directory's groups at the last sign-in, as far as they are known here. */
  group_ids?: number[];
  /** `sysadmin_flag` comes from the directory's administrator group, and goes with it. */
  admin_by_group?: boolean;
  /** The name as the directory compares it: names that become the same here are not the same person. */
  directory_name?: string;
  creation_time: string;
  update_time: string;
}

export interface MemberDocument {
  id: number;
  project_id: number;
  entity_id: number;
  entity_type: "u" | "g";
  role_id: number;
}

export interface SessionDocument {
  /** SHA-256 of the token; the token itself is only with its holder. */
  hash: string;
  user_id: number;
  created: string;
  expires: string;
  /** How long it lives on after its last use. */
  minutes: number;
  from: string;
  agent: string;
}

/** A link to set a new password: once, and not for long. */
export interface ResetDocument {
  /** SHA-256 of what the link holds. */
  hash: string;
  user_id: number;
  expires: string;
}

export interface GroupDocument {
  id: number;
  group_name: string;
  /** 1 is a group of the directory. */
  group_type: number;
  ldap_group_dn: string;
}

export interface RobotDocument {
  id: number;
  /** In full: `robot$build`, or `robot$project+build`. */
  name: string;
  description: string;
  level: "system" | "project";
  /** The project whose admins own it; absent for one of the system. */
  project_id?: number;
  /** SHA-256 of a secret that was made here, random and long enough for that; of one that was given, as of a password. */
  secret: string;
  /** Tokens from before this are void. RFC 3339. */
  secret_time: string;
  /** Days; -1 never ends. */
  duration: number;
  disable: boolean;
  /** Seconds since 1970; -1 never. */
  expires_at: number;
  permissions: {
    kind: "project" | "system";
    namespace: string;
    /** Of the project that the namespace names: another one of its name is another project. */
    project_id?: number;
    access: { resource: string; action: string; effect?: string | undefined }[];
  }[];
  creator_id: number;
  creation_time: string;
  update_time: string;
}
