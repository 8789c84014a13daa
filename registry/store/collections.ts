import type { Collection, CollectionSpec, Documents } from "./documents.ts";
import type {
  ProjectDocument,
  RepositoryDocument,
  ArtifactDocument,
  TagDocument,
  BlobLinkDocument,
  PullDocument,
} from "./content-documents.ts";
import type {
  UserDocument,
  MemberDocument,
  SessionDocument,
  ResetDocument,
  GroupDocument,
  RobotDocument,
} from "./people-documents.ts";
import type {
  RegistryDocument,
  PolicyDocument,
  ExecutionDocument,
  JobDocument,
  ScheduleDocument,
} from "./copying-documents.ts";
import type { TrustChangeDocument, TrustKeyDocument } from "./trust-documents.ts";

export type * from "./content-documents.ts";
export type * from "./people-documents.ts";
export type * from "./copying-documents.ts";
export type * from "./trust-documents.ts";

export interface SequenceDocument {
  name: string;
  value: number;
}

/** Small facts of the registry itself: its version of the data, its token key's id. */
export interface FactDocument {
  name: string;
  value: unknown;
}

/** Every kind of document, with its key and indexes. */

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
const trustChanges: CollectionSpec<TrustChangeDocument> = {
  name: "trust-changes",
  key: (change) => String(change.id),
  index: [["gun"], ["project_id"], ["repository_name"]],
};
const trustKeys: CollectionSpec<TrustKeyDocument> = {
  name: "trust-keys",
  key: (key) => key.keyid,
  index: [["gun"], ["project_id"]],
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
  trustChanges,
  trustKeys,
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
