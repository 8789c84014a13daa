import { computed, type ComputedRef } from "vue";
import type { Artifact } from "../../registry/contract/artifacts.ts";
import { usePreferences, type PullClient } from "../stores/preferences.ts";
import { useRegistry } from "../stores/registry.ts";

/** The command that brings an artifact here, for the client that the person uses. */
export function usePull(): {
  client: ComputedRef<PullClient>;
  byTag(repository: string, tag: string): string;
  byDigest(repository: string, digest: string): string;
  best(artifact: Artifact): string;
} {
  const preferences = usePreferences();
  const registry = useRegistry();
  const client = computed(() => preferences.pullClient);

  function byTag(repository: string, tag: string): string {
    const name = `${registry.address}/${repository}`;
    if (client.value === "helm") return `helm pull oci://${name} --version ${tag}${plain("--plain-http")}`;
    return `${start()} ${name}:${tag}`;
  }

  function byDigest(repository: string, digest: string): string {
    const name = `${registry.address}/${repository}@${digest}`;
    return client.value === "helm" ? `helm pull oci://${name}${plain("--plain-http")}` : `${start()} ${name}`;
  }

  /** By its newest tag, or by digest when it has none. */
  function best(artifact: Artifact): string {
    const tag = artifact.tags[0];
    if (tag === undefined) return byDigest(artifact.repository_name, artifact.digest);
    return byTag(artifact.repository_name, tag.name);
  }

  function start(): string {
    if (client.value === "podman") return `podman pull${plain("--tls-verify=false")}`;
    return `${client.value} pull`;
  }

  function plain(option: string): string {
    return registry.loopback ? ` ${option}` : "";
  }

  return { client, byTag, byDigest, best };
}
