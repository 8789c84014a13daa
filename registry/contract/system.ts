import { z } from "zod";
import { operation } from "./operation.ts";
import { Project } from "./projects.ts";
import { certificate, one, text } from "./reply.ts";
import { TlsState } from "./tls.ts";
import { Password, User } from "./users.ts";

const Component = z.object({
  name: z.string(),
  status: z.enum(["healthy", "unhealthy"]),
  error: z.string().optional(),
});

export const SystemInfo = z.object({
  auth_mode: z.string(),
  primary_auth_mode: z.boolean(),
  self_registration: z.boolean(),
  banner_message: z.string(),
  /** A forgotten password can be set anew by mail. Berth's own. */
  mail: z.boolean(),
  // what follows is only for who is signed in
  current_time: z.string().optional(),
  /** `host:port` that docker names images by. */
  registry_url: z.string().optional(),
  external_url: z.string().optional(),
  harbor_version: z.string().optional(),
  project_creation_restriction: z.string().optional(),
  read_only: z.boolean().optional(),
  has_ca_root: z.boolean().optional(),
  notification_enable: z.boolean().optional(),
  registry_storage_provider_name: z.string().optional(),
});
export type SystemInfo = z.output<typeof SystemInfo>;

const Statistics = z.object({
  private_project_count: z.number(),
  private_repo_count: z.number(),
  public_project_count: z.number(),
  public_repo_count: z.number(),
  total_project_count: z.number(),
  total_repo_count: z.number(),
  total_storage_consumption: z.number(),
});

export const FoundRepository = z.object({
  project_id: z.number(),
  project_name: z.string(),
  project_public: z.boolean(),
  repository_name: z.string(),
  pull_count: z.number(),
  artifact_count: z.number(),
});
export type FoundRepository = z.output<typeof FoundRepository>;

export const FoundArtifact = z.object({
  project_name: z.string(),
  /** With its project. */
  repository_name: z.string(),
  digest: z.string(),
  /** Those that match first, ten at most. */
  tags: z.array(z.string()),
});
export type FoundArtifact = z.output<typeof FoundArtifact>;

export const system = {
  ping: operation({
    rest: "GET /ping",
    access: "anyone",
    says: "Answers Pong.",
    input: z.object({}),
    returns: text,
  }),
  health: operation({
    rest: "GET /health",
    access: "anyone",
    says: "Tells whether each part of the registry works.",
    input: z.object({}),
    returns: one(z.object({ status: z.enum(["healthy", "unhealthy"]), components: z.array(Component) })),
  }),
  info: operation({
    rest: "GET /systeminfo",
    access: "anyone",
    says: "Tells how this registry is set up; more of it to who is signed in.",
    input: z.object({}),
    returns: one(SystemInfo),
  }),
  tls: operation({
    rest: "GET /systeminfo/tls",
    access: "user",
    says: "Tells how this registry answers over TLS, and by which certificate.",
    input: z.object({}),
    returns: one(TlsState),
  }),
  certificate: operation({
    rest: "GET /systeminfo/getcert",
    access: "anyone",
    says: "Gives the certificate of Berth's own authority, which clients are to trust, PEM; not found without one.",
    input: z.object({}),
    returns: certificate,
  }),
  volumes: operation({
    rest: "GET /systeminfo/volumes",
    access: "admin",
    says: "Tells the disk's size and free space, in bytes.",
    input: z.object({}),
    returns: one(z.object({ storage: z.array(z.object({ total: z.number(), free: z.number() })) })),
  }),
  statistics: operation({
    rest: "GET /statistics",
    access: "user",
    says: "Counts projects and repositories.",
    input: z.object({}),
    returns: one(Statistics),
  }),
  search: operation({
    rest: "GET /search",
    access: "anyone",
    says: "Finds projects and repositories by a part of their name, artifacts by a part of a tag or six digits of a digest; the best fifty of each.",
    input: z.object({ q: z.string().max(255) }),
    returns: one(
      z.object({
        project: z.array(Project),
        repository: z.array(FoundRepository),
        /** Berth's own. */
        artifact: z.array(FoundArtifact),
      }),
    ),
  }),
  /** The window's first start: nobody can sign in until the administrator has a password. */
  begin: operation({
    access: "anyone",
    says: "Gives the administrator the first password and signs in.",
    input: z.object({ password: Password }),
    returns: one(User),
    records: ["update", "user"],
  }),
};
