import type { Artifact } from "../registry/contract/artifacts.ts";

/** `linux/arm64/v8`; nothing for what runs nowhere, such as an attestation. */
export function platformName(platform: Record<string, unknown> | undefined): string | undefined {
  const { os, architecture, variant } = platform ?? {};
  if (typeof os !== "string" || typeof architecture !== "string" || os === "unknown") return undefined;
  return [os, architecture, variant].filter(Boolean).join("/");
}

/** Whether it stands for other manifests. Harbor calls an index of images an image. */
export function isIndex(artifact: Artifact): boolean {
  return /image\.index|manifest\.list/.test(artifact.manifest_media_type);
}

export function typeName(artifact: Artifact): string {
  return isIndex(artifact) ? "INDEX" : artifact.type;
}

/** Where an artifact runs: an image's own platform, or those of an index's children. */
export function platformsOf(artifact: Artifact): string[] {
  const own = platformName(artifact.extra_attrs);
  const names = own === undefined ? artifact.references.map(({ platform }) => platformName(platform)) : [own];
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** What an image's configuration tells about how it runs. OCI image spec, `config`. */
export interface RunConfiguration {
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  User?: string;
  WorkingDir?: string;
  ExposedPorts?: Record<string, unknown>;
  Volumes?: Record<string, unknown>;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

export function runConfigurationOf(artifact: Artifact): RunConfiguration {
  const { config } = artifact.extra_attrs;
  return typeof config === "object" && config !== null ? config : {};
}

/** What an accessory is, in the words of who made it. */
export function kindOfAccessory(accessory: { type: string; artifact_type: string }): string {
  return accessory.artifact_type || accessory.type;
}
