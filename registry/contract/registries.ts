import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { created, nothing, one, page } from "./reply.ts";

/**
 * The kinds of registry that can be on the other side, by Harbor's names where it has them. `berth` and `harbor` speak Harbor's
 * API beside the distribution spec; the others only the latter, each with its own rules for names and listing.
 */
export const RegistryType = z.enum([
  "berth",
  "harbor",
  "docker-registry",
  "docker-hub",
  "github-ghcr",
  "quay",
  "gitlab",
  "aws-ecr",
]);
export type RegistryType = z.output<typeof RegistryType>;

const Credential = z.object({
  type: z.string().max(20).default("basic"),
  access_key: z.string().max(255).default(""),
  /** Never told: read as `*****` when there is one. */
  access_secret: z.string().max(10_000).default(""),
});

const Name = z.string().trim().min(1, "give the endpoint a name").max(64);
const Url = z.string().trim().min(1, "give the endpoint's address").max(1000);
/** PEM; the authority that signed the other side's certificate. */
const Authority = z.string().max(50_000);

/** Another registry to copy to or from: an endpoint. Harbor API 10. */
export const Endpoint = z.object({
  id: z.number(),
  name: z.string(),
  /** `scheme://host[:port][/path]`. */
  url: z.string(),
  type: RegistryType,
  credential: Credential,
  /** Its certificate is not checked. */
  insecure: z.boolean(),
  ca_certificate: z.string(),
  description: z.string(),
  status: z.enum(["healthy", "unhealthy", "unknown"]),
  /** Why it is not healthy, in words. Berth's own. */
  status_reason: z.string().optional(),
  /** When that was found out. Berth's own. */
  status_time: z.string().optional(),
  /** The rules that use it, and whether each is on. Berth's own. */
  used_by: z.array(z.object({ id: z.number(), name: z.string(), enabled: z.boolean() })),
  creation_time: z.string(),
  update_time: z.string(),
});
export type Endpoint = z.output<typeof Endpoint>;

/** What an endpoint was asked, and how it answered. */
export const Reachable = z.object({
  /** Which of them it is, when it is not well. */
  problem: z
    .enum(["name", "refused", "timeout", "certificate", "credentials", "not-a-registry", "other"])
    .optional(),
  /** In words, for a person. */
  message: z.string(),
});
export type Reachable = z.output<typeof Reachable>;

const Which = z.object({ id: z.coerce.number().int() });

const Changes = z.object({
  name: Name.optional(),
  url: Url.optional(),
  description: z.string().max(1000).optional(),
  credential_type: z.string().max(20).optional(),
  access_key: z.string().max(255).optional(),
  /** Absent or `*****` keeps the stored one, unless the address changes: then it must be given again. */
  access_secret: z.string().max(10_000).optional(),
  insecure: z.boolean().optional(),
  ca_certificate: Authority.optional(),
});

export const registries = {
  list: operation({
    rest: "GET /registries",
    access: "admin",
    says: "Lists the endpoints; name finds a part of one.",
    input: Paging.extend({ name: z.string().max(255).optional() }),
    returns: page(Endpoint),
  }),
  create: operation({
    rest: "POST /registries",
    access: "admin",
    says: "Adds an endpoint, after asking it whether it is well.",
    input: z.object({
      name: Name,
      url: Url,
      type: RegistryType.default("harbor"),
      description: z.string().max(1000).default(""),
      credential: Credential.nullish(),
      /** Absent: as the setting `verify_remote_cert` says. */
      insecure: z.boolean().optional(),
      ca_certificate: Authority.default(""),
    }),
    returns: created,
    records: ["create", "registry"],
  }),
  get: operation({
    rest: "GET /registries/{id}",
    access: "admin",
    says: "Reads one endpoint.",
    input: Which,
    returns: one(Endpoint),
  }),
  update: operation({
    rest: "PUT /registries/{id}",
    access: "admin",
    says: "Changes an endpoint that no enabled rule uses; what is absent stays.",
    input: Which.extend(Changes.shape),
    returns: nothing,
    records: ["update", "registry"],
  }),
  remove: operation({
    rest: "DELETE /registries/{id}",
    access: "admin",
    says: "Deletes an endpoint that no rule and no proxy project uses.",
    input: Which,
    returns: nothing,
    records: ["delete", "registry"],
  }),
  ping: operation({
    rest: "POST /registries/ping",
    access: "admin",
    says: "Asks an endpoint whether it is well; with an id, what is not given is taken from the stored one.",
    input: Changes.omit({ name: true, description: true }).extend({
      id: z.number().int().optional(),
      type: RegistryType.optional(),
    }),
    returns: nothing,
  }),
  probe: operation({
    rest: "POST /registries/probe",
    access: "admin",
    says: "The same, answered with what is wrong instead of refused.",
    input: Changes.omit({ name: true, description: true }).extend({
      id: z.number().int().optional(),
      type: RegistryType.optional(),
    }),
    returns: one(Reachable),
  }),
  info: operation({
    rest: "GET /registries/{id}/info",
    access: "admin",
    says: "Tells what rules can do with an endpoint; 0 is this registry.",
    input: Which,
    returns: one(
      z.object({
        type: z.string(),
        description: z.string(),
        supported_resource_filters: z.array(
          z.object({ type: z.string(), style: z.string(), values: z.array(z.string()).optional() }),
        ),
        supported_triggers: z.array(z.string()),
        supported_copy_by_chunk: z.boolean(),
      }),
    ),
  }),
  adapters: operation({
    rest: "GET /replication/adapters",
    access: "admin",
    says: "Lists the kinds of endpoint there are.",
    input: z.object({}),
    returns: one(z.array(RegistryType)),
  }),
  adapterInfos: operation({
    rest: "GET /replication/adapterinfos",
    access: "admin",
    says: "Tells for each kind of endpoint which addresses it has and what its credentials are called.",
    input: z.object({}),
    returns: one(
      z.record(
        z.string(),
        z.object({
          endpoint_pattern: z.object({
            endpoint_type: z.enum([
              "EndpointPatternTypeStandard",
              "EndpointPatternTypeFix",
              "EndpointPatternTypeList",
            ]),
            endpoints: z.array(z.object({ key: z.string(), value: z.string() })),
          }),
          credential_pattern: z.object({
            access_key_type: z.string(),
            access_key_data: z.string(),
            access_secret_type: z.string(),
            access_secret_data: z.string(),
          }),
        }),
      ),
    ),
  }),
};
