import { RegistryType, type Endpoint, type registries } from "../registry/contract/registries.ts";
import type { Input } from "../registry/contract/operation.ts";
import type { Answer } from "../registry/contract/reply.ts";

export type EndpointKinds = Answer<(typeof registries.adapterInfos)["returns"]>;
export type EndpointQuestion = Input<typeof registries.probe>;

/** What the dialog shows of an endpoint. */
export interface EndpointForm {
  /** Absent while it is new. */
  id: number | undefined;
  type: RegistryType;
  name: string;
  url: string;
  description: string;
  access_key: string;
  /** Empty keeps the stored one. */
  access_secret: string;
  verify: boolean;
  ca_certificate: string;
}

/** What stands for a stored secret, which is never told. */
const kept = "*****";

export function emptyEndpoint(verify: boolean): EndpointForm {
  return {
    id: undefined,
    type: "berth",
    name: "",
    url: "",
    description: "",
    access_key: "",
    access_secret: "",
    verify,
    ca_certificate: "",
  };
}

export function endpointForm(endpoint: Endpoint): EndpointForm {
  const { id, type, name, url, description, credential, insecure, ca_certificate } = endpoint;
  const { access_key } = credential;
  return {
    id,
    type,
    name,
    url,
    description,
    access_key,
    access_secret: "",
    verify: !insecure,
    ca_certificate,
  };
}

export function hasSecret({ credential }: Endpoint): boolean {
  return credential.access_secret !== "";
}

/** What the registry asks the other side with: what is on the page, and the stored secret where none was typed. */
export function questionOf(form: EndpointForm): EndpointQuestion {
  return {
    ...(form.id !== undefined && { id: form.id }),
    type: form.type,
    url: form.url.trim(),
    access_key: form.access_key.trim(),
    ...secretOf(form),
    insecure: !form.verify,
    ca_certificate: form.ca_certificate.trim(),
  };
}

/** Without a user name there is nothing that the secret would belong to. */
export function secretOf({ id, access_key, access_secret }: EndpointForm): { access_secret?: string } {
  if (access_key.trim() === "" && access_secret === "") return { access_secret: "" };
  if (access_secret === "" && id !== undefined) return { access_secret: kept };
  return { access_secret };
}

/** The addresses that a kind of registry always has; empty for those that anybody runs. */
export function addressesOf(
  kinds: EndpointKinds | undefined,
  type: RegistryType,
): { key: string; value: string }[] {
  const pattern = kinds?.[type]?.endpoint_pattern;
  return pattern === undefined || pattern.endpoint_type === "EndpointPatternTypeStandard"
    ? []
    : pattern.endpoints;
}

export const endpointTypes = RegistryType.options;

/** Whether the words are an address that can be asked. */
export function isAddress(url: string): boolean {
  try {
    return /^https?:$/.test(new URL(url.trim()).protocol);
  } catch {
    return false;
  }
}
