import type { RegistryType } from "../contract/registries.ts";
import type { ReplicationFilter } from "../contract/replication.ts";
import type { Collection, CollectionSpec, Documents } from "./documents.ts";

/** Every kind of document, with its key and indexes. Field names are Harbor's where Harbor has one; times are RFC 3339. */

export interface ProjectDocument {
  project_id: number;
  name: string;
  owner_id: number;
  owner_name: string;
  public: boolean;
  metadata: Record<string, string>;
  /** A proxy project: what is asked for is fetched from that endpoint. */
  registry_id?: number;
  creation_time: string;
  update_time: string;
}

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

export interface RepositoryDocument {
  id: number;
  project_id: number;
  /** With its project. */
  name: string;
  description: string;
  creation_time: string;
  update_time: string;
}

export interface ArtifactDocument {
  id: number;
  project_id: number;
  repository_id: number;
  repository_name: string;
  digest: string;
  /** Of the configuration. */
  media_type: string;
  manifest_media_type: string;
  artifact_type: string;
  /** Bytes: manifest, configuration and layers; of an index, with its children. */
  size: number;
  /** Bytes of the manifest alone. */
  manifest_size: number;
  push_time: string;
  annotations: Record<string, string>;
  /** Of an image: what its configuration tells. */
  extra_attrs: Record<string, unknown>;
  /** The blobs it names, configuration first. */
  blobs: { digest: string; media_type: string; size: number }[];
  /** Of an index: the manifests it names. */
  children: { digest: string; platform?: Record<string, unknown>; annotations?: Record<string, string> }[];
  /** The digest it refers to, whether or not that is there yet. */
  subject?: string;
}

export interface TagDocument {
  id: number;
  repository_id: number;
  name: string;
  digest: string;
  push_time: string;
}

/** A repository may serve a blob only if it has this: bytes are shared, knowing a digest is not a right. */
export interface BlobLinkDocument {
  repository_id: number;
  project_id: number;
  digest: string;
  size: number;
}

/** Counts and times of pulls: written often and of little weight, so apart from what they count. */
export interface PullDocument {
  /** `repository:12`, `artifact:34` or `tag:56`. */
  what: string;
  count: number;
  pull_time: string;
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

/** An endpoint. Its secret is among the secrets, as `registry-<id>`. */
export interface RegistryDocument {
  id: number;
  name: string;
  url: string;
  type: RegistryType;
  access_key: string;
  insecure: boolean;
  ca_certificate: string;
  description: string;
  status: "healthy" | "unhealthy" | "unknown";
  status_reason?: string;
  status_time?: string;
  creation_time: string;
  update_time: string;
}

/** A replication rule. */
export interface PolicyDocument {
  id: number;
  name: string;
  description: string;
  /** 0 is this registry. */
  src_registry_id: number;
  dest_registry_id: number;
  /** The one project here that it is for. */
  project_id?: number;
  dest_namespace: string;
  dest_namespace_replace_count: number;
  trigger: "manual" | "scheduled" | "event_based";
  cron?: string;
  filters: ReplicationFilter[];
  deletion: boolean;
  override: boolean;
  enabled: boolean;
  speed: number;
  copy_by_chunk: boolean;
  single_active_replication: boolean;
  retry_limit: number;
  /** Event based: what happened here until then has become jobs. RFC 3339. */
  heard?: string;
  creation_time: string;
  update_time: string;
}

/** A run of a rule; its jobs are those of the group `execution:<id>`. */
export interface ExecutionDocument {
  id: number;
  policy_id: number;
  trigger: "manual" | "scheduled" | "event_based";
  /** Of the run itself, while it finds out what to copy and when that failed; what its jobs came to is theirs. */
  status: "running" | "listed" | "error" | "stopped";
  status_text: string;
  start_time: string;
  end_time?: string;
}

/** Work that outlives a request. */
export interface JobDocument {
  id: number;
  kind: string;
  /** Jobs of one key never run at the same time. */
  key: string;
  /** What it is part of: `execution:12`. */
  group?: string;
  about: Record<string, unknown>;
  status: "pending" | "running" | "success" | "error" | "stopped";
  /** Attempts that have begun. */
  attempts: number;
  /** Attempts that it may have; 0 is without end. */
  most: number;
  /** Not before; RFC 3339. */
  due: string;
  /** It waits to be tried again, for this: `registry:3`. */
  awaits?: string;
  /** Why it failed, or waits. */
  reason?: string;
  progress: Record<string, number>;
  /** What attempts noted to go on from. */
  kept: Record<string, unknown>;
  creation_time: string;
  start_time?: string;
  end_time?: string;
}

/** What comes again by the clock, and when it last did. */
export interface ScheduleDocument {
  name: string;
  cron: string;
  last_time: string;
}

export interface SequenceDocument {
  name: string;
  value: number;
}

/** Small facts of the registry itself: its version of the data, its token key's id. */
export interface FactDocument {
  name: string;
  value: unknown;
}

const projects: CollectionSpec<ProjectDocument> = {
  name: "projects",
  key: (project) => String(project.project_id),
  unique: [["name"]],
  index: [["owner_id"], ["registry_id"]],
};
const users: CollectionSpec<UserDocument> = {
  name: "users",
  key: (user) => String(user.user_id),
  unique: [["username"], ["email"]],
};
const members: CollectionSpec<MemberDocument> = {
  name: "members",
  key: (member) => String(member.id),
  unique: [["project_id", "entity_type", "entity_id"]],
  index: [["project_id"], ["entity_id"]],
};
const repositories: CollectionSpec<RepositoryDocument> = {
  name: "repositories",
  key: (repository) => String(repository.id),
  unique: [["name"]],
  index: [["project_id"]],
};
const artifacts: CollectionSpec<ArtifactDocument> = {
  name: "artifacts",
  key: (artifact) => `${artifact.repository_id}@${artifact.digest}`,
  index: [["repository_id"], ["project_id"], ["digest"], ["subject"]],
};
const tags: CollectionSpec<TagDocument> = {
  name: "tags",
  key: (tag) => `${tag.repository_id}:${tag.name}`,
  index: [["repository_id"], ["digest"]],
};
const links: CollectionSpec<BlobLinkDocument> = {
  name: "links",
  key: (link) => `${link.repository_id}@${link.digest}`,
  index: [["repository_id"], ["project_id"], ["digest"]],
};
const pulls: CollectionSpec<PullDocument> = { name: "pulls", key: (pull) => pull.what };
const sessions: CollectionSpec<SessionDocument> = {
  name: "sessions",
  key: (session) => session.hash,
  index: [["user_id"]],
};
const resets: CollectionSpec<ResetDocument> = {
  name: "resets",
  key: (reset) => reset.hash,
  index: [["user_id"]],
};
const groups: CollectionSpec<GroupDocument> = {
  name: "groups",
  key: (group) => String(group.id),
  unique: [["ldap_group_dn"]],
};
const robots: CollectionSpec<RobotDocument> = {
  name: "robots",
  key: (robot) => String(robot.id),
  unique: [["name"]],
  index: [["project_id"]],
};
const registries: CollectionSpec<RegistryDocument> = {
  name: "registries",
  key: (registry) => String(registry.id),
  unique: [["name"]],
};
const policies: CollectionSpec<PolicyDocument> = {
  name: "policies",
  key: (policy) => String(policy.id),
  unique: [["name"]],
  index: [["src_registry_id"], ["dest_registry_id"], ["project_id"]],
};
const executions: CollectionSpec<ExecutionDocument> = {
  name: "executions",
  key: (execution) => String(execution.id),
  index: [["policy_id"]],
};
const jobs: CollectionSpec<JobDocument> = {
  name: "jobs",
  key: (job) => String(job.id),
  index: [["group"], ["status"], ["key"], ["kind"]],
};
const schedules: CollectionSpec<ScheduleDocument> = {
  name: "schedules",
  key: (schedule) => schedule.name,
};
const sequences: CollectionSpec<SequenceDocument> = { name: "sequences", key: (sequence) => sequence.name };
const facts: CollectionSpec<FactDocument> = { name: "facts", key: (fact) => fact.name };

const specs = {
  projects,
  users,
  members,
  repositories,
  artifacts,
  tags,
  links,
  pulls,
  sessions,
  resets,
  groups,
  robots,
  registries,
  policies,
  executions,
  jobs,
  schedules,
  sequences,
  facts,
};
type Specs = typeof specs;
export type Collections = {
  [N in keyof Specs]: Specs[N] extends CollectionSpec<infer D> ? Collection<D> : never;
};

/** Opens every collection, in the order above. */
export async function openCollections(documents: Documents): Promise<Collections> {
  const opened: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    opened[name] = await documents.collection(spec as unknown as CollectionSpec<object>);
  }
  return opened as Collections;
}
