/**
 * What happened, told to whoever may see the project it happened in.
 * An event says what to look at again; it never carries what a listener might not be allowed to read.
 */
export type EventName =
  | "artifact.pushed"
  | "artifact.pulled"
  | "artifact.removed"
  | "tag.removed"
  | "repository.removed"
  | "trust.changed"
  | "project.created"
  | "project.changed"
  | "project.removed"
  | "member.removed"
  | "configuration.changed"
  | "registry.changed"
  | "policy.changed"
  | "execution.changed"
  | "task.changed"
  | "session.ended"
  | "archive.moved";

export interface RegistryEvent {
  name: EventName;
  /** RFC 3339. */
  at: string;
  project_id?: number;
  project_name?: string;
  /** With its project: `library/app`. */
  repository_name?: string;
  digest?: string;
  tag?: string;
  /** Of an artifact that was removed: the tags that went with it. */
  tags?: string[];
  /** Whom it is for when not for all who may see the project: this user, and for a member's the project's. */
  user_id?: number;
  // Of replication: for administrators.
  registry_id?: number;
  policy_id?: number;
  execution_id?: number;
  task_id?: number;
  /** Of an archive that the window writes or reads: how far it is. */
  bytes?: number;
  total_bytes?: number;
}
