/** What a path under `/v2/…/_trust/` names. `gun` is as it was sent, decoded; empty for all collections. */
export type TrustTarget = { gun: string } & (
  | { kind: "current"; role: string }
  | { kind: "digest"; role: string; sha256: string }
  | { kind: "version"; role: string; version: number }
  | { kind: "key"; role: "timestamp" | "snapshot" }
  | { kind: "collection" }
  | { kind: "changefeed" }
);

const roles = String.raw`(root|targets(?:/[^/\s.%]+)*|snapshot|timestamp)`;
const current = new RegExp(`^tuf/${roles}\\.json$`);
const byDigest = new RegExp(`^tuf/${roles}\\.([0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})\\.json$`);
const byVersion = new RegExp(`^tuf/(\\d{1,15})\\.${roles}\\.json$`);
const key = /^tuf\/(timestamp|snapshot)\.key$/;

const mark = "/_trust/";

/** Asked before any route of the registry: no repository has such a part. */
export const isTrustPath = (path: string): boolean => path.startsWith("/v2/") && path.includes(mark);

/** `undefined` for what is no resource of the trust service. */
export function toTrustTarget(path: string): TrustTarget | undefined {
  const at = path.indexOf(mark);
  const gun = decoded(path.slice("/v2/".length, Math.max(at, "/v2/".length)));
  const rest = path.slice(at + mark.length);
  if (gun === undefined) return undefined;
  if (rest === "changefeed") return { gun, kind: "changefeed" };
  if (gun === "") return undefined;
  if (rest === "tuf/") return { gun, kind: "collection" };
  const [, held] = key.exec(rest) ?? [];
  if (held === "timestamp" || held === "snapshot") return { gun, kind: "key", role: held };
  const [, ofDigest, sha256] = byDigest.exec(rest) ?? [];
  if (ofDigest !== undefined && sha256 !== undefined) return { gun, kind: "digest", role: ofDigest, sha256 };
  const [, number, ofVersion] = byVersion.exec(rest) ?? [];
  if (ofVersion !== undefined) return { gun, kind: "version", role: ofVersion, version: Number(number) };
  const [, role] = current.exec(rest) ?? [];
  return role === undefined ? undefined : { gun, kind: "current", role };
}

/** Go's clients encode the brackets of an address. What decodes to another path's parts is no name. */
function decoded(text: string): string | undefined {
  try {
    const parts = text.split("/").map((part) => decodeURIComponent(part));
    return parts.some((part) => part.includes("/")) ? undefined : parts.join("/");
  } catch {
    return undefined;
  }
}
