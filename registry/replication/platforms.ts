import { createHash } from "node:crypto";
import type { SideManifest } from "./side.ts";

/** `linux/arm64` and the like; empty `matches` are all. */
export interface Platforms {
  matches: readonly string[];
  excludes: readonly string[];
}

interface Entry {
  digest?: unknown;
  platform?: Record<string, unknown>;
  annotations?: Record<string, unknown>;
}

export function areNarrowed({ matches, excludes }: Platforms): boolean {
  return matches.length > 0 || excludes.length > 0;
}

/** `os/architecture[/variant]` of a platform or an image's configuration; `undefined` when it has none. */
export function platformOf(told: Record<string, unknown> | undefined): string | undefined {
  const { os, architecture, variant } = told ?? {};
  if (typeof os !== "string" || typeof architecture !== "string" || os === "" || architecture === "")
    return undefined;
  if (os === "unknown" && architecture === "unknown") return undefined;
  return [os, architecture, ...(typeof variant === "string" && variant !== "" ? [variant] : [])].join("/");
}

/** Whether a platform is among the chosen: `linux/arm` takes all its variants. */
export function isChosen(platform: string, { matches, excludes }: Platforms): boolean {
  const isOf = (wanted: string): boolean =>
    [platform, withVariant(platform)].some((own) => own === wanted || own.startsWith(`${wanted}/`));
  return (matches.length === 0 || matches.some(isOf)) && !excludes.some(isOf);
}

/** What a missing variant means. containerd's platforms, "Normalization". */
function withVariant(platform: string): string {
  if (platform.endsWith("/arm64")) return `${platform}/v8`;
  return platform.endsWith("/arm") ? `${platform}/v7` : platform;
}

/**
 * An index with the chosen platforms alone, always the same bytes for the same choice; `undefined` when none of its platforms
 * is chosen. What has no platform stays, but for an attestation of what goes.
 */
export function reduceIndex(
  index: SideManifest,
  platforms: Platforms,
): { index: SideManifest; dropped: string[] } | undefined {
  const fields = JSON.parse(index.bytes.toString("utf8")) as { manifests?: Entry[] | null };
  const entries = fields.manifests ?? [];
  const dropped: string[] = [];
  const stays = (entry: Entry): boolean => {
    const platform = platformOf(entry.platform);
    if (platform === undefined || isChosen(platform, platforms)) return true;
    dropped.push(platform);
    return false;
  };
  const chosen = entries.filter(stays);
  const digests = new Set(chosen.map((entry) => entry.digest));
  const kept = chosen.filter((entry) => !isAttestation(entry) || digests.has(subjectOf(entry)));
  if (dropped.length > 0 && !kept.some((entry) => platformOf(entry.platform) !== undefined)) return undefined;
  if (kept.length === entries.length) return { index, dropped };
  const bytes = Buffer.from(JSON.stringify({ ...fields, manifests: kept }));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { index: { ...index, digest, bytes }, dropped };
}

/** BuildKit's own way, from before there were referrers. */
function isAttestation({ annotations }: Entry): boolean {
  return annotations?.["vnd.docker.reference.type"] === "attestation-manifest";
}

function subjectOf({ annotations }: Entry): unknown {
  return annotations?.["vnd.docker.reference.digest"];
}
