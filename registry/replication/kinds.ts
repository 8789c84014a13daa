import type { RegistryType, registries } from "../contract/registries.ts";
import type { Answer } from "../contract/reply.ts";

type AdapterInfo = Answer<(typeof registries)["adapterInfos"]["returns"]>[string];
type Info = Answer<(typeof registries)["info"]["returns"]>;

interface Kind {
  description: string;
  /** The only addresses it has; absent when every team has its own. */
  endpoints?: { key: string; value: string }[];
  /** It speaks Harbor's API too, and so knows labels. */
  harbor?: true;
  /** What its credentials are called. */
  credentials?: { key: string; secret: string };
}

/** The kinds of endpoint there are, and what tells them apart for who makes one. Harbor API 10. */
const kinds: Record<RegistryType, Kind> = {
  berth: { description: "Berth", harbor: true },
  harbor: { description: "Harbor", harbor: true },
  "docker-registry": { description: "Any registry that speaks the OCI distribution specification" },
  "docker-hub": {
    description: "Docker Hub",
    endpoints: [{ key: "hub.docker.com", value: "https://hub.docker.com" }],
    credentials: { key: "user name", secret: "access token" },
  },
  "github-ghcr": {
    description: "GitHub Container Registry",
    endpoints: [{ key: "ghcr.io", value: "https://ghcr.io" }],
    credentials: { key: "user name", secret: "personal access token" },
  },
  quay: {
    description: "Quay",
    credentials: { key: "robot account", secret: "token" },
  },
  gitlab: {
    description: "GitLab Container Registry",
    credentials: { key: "user name", secret: "access token" },
  },
  "aws-ecr": {
    description: "Amazon Elastic Container Registry",
    credentials: { key: "AWS or access key ID", secret: "login password or secret access key" },
  },
};

export const types = Object.keys(kinds) as RegistryType[];

export function isLabelled(type: RegistryType): boolean {
  return kinds[type].harbor === true;
}

export function adapterInfos(): Record<string, AdapterInfo> {
  const infos = Object.entries(kinds).map(([type, { endpoints, credentials }]): [string, AdapterInfo] => [
    type,
    {
      endpoint_pattern: {
        endpoint_type: endpoints ? "EndpointPatternTypeFix" : "EndpointPatternTypeStandard",
        endpoints: endpoints ?? [],
      },
      credential_pattern: {
        access_key_type: "AccessKeyTypeStandard",
        access_key_data: credentials?.key ?? "",
        access_secret_type: "AccessSecretTypeStandard",
        access_secret_data: credentials?.secret ?? "",
      },
    },
  ]);
  return Object.fromEntries(infos);
}

/** What rules can do with a registry of that kind; only from this one copies can follow what happens. */
export function infoOf(type: RegistryType, { isLocal }: { isLocal: boolean }): Info {
  const { description, harbor } = kinds[type];
  return {
    type,
    description,
    supported_resource_filters: [
      { type: "name", style: "input" },
      { type: "tag", style: "input" },
      ...(harbor ? [{ type: "label", style: "input" }] : []),
      { type: "platform", style: "list" },
      { type: "resource", style: "radio", values: ["image", "artifact"] },
    ],
    supported_triggers: ["manual", "scheduled", ...(isLocal ? ["event_based"] : [])],
    supported_copy_by_chunk: harbor === true,
  };
}
