import type { RegistryType } from "../contract/registries.ts";
import type { ReplicationFilter } from "../contract/replication.ts";

/** Endpoints, rules, and work that outlives a request. Field names are Harbor's where Harbor has one; times are RFC 3339. */

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
