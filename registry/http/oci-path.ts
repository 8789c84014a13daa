import { Fault } from "../contract/fault.ts";
import { toName } from "../oci/reference.ts";

/** What a path under `/v2/` names. `name` and `reference` are empty where there is none. */
export interface Target {
  kind: "base" | "catalog" | "manifest" | "blob" | "uploads" | "upload" | "tags" | "referrers";
  name: string;
  /** A tag or digest as it was sent, or an upload's id. */
  reference: string;
}

const base: Target = { kind: "base", name: "", reference: "" };
const catalog: Target = { kind: "catalog", name: "", reference: "" };

/**
 * Reads a path from its end, because the names of repositories have slashes, and may have parts such as `blobs`.
 * `undefined` for what is no endpoint. Throws `NAME_INVALID`, before anything is looked up.
 */
export function toTarget(path: string): Target | undefined {
  if (path === "/v2/" || path === "/v2") return base;
  const rest = decode(path.slice("/v2/".length));
  if (rest === "_catalog") return catalog;
  const slash = rest.lastIndexOf("/");
  const reference = rest.slice(slash + 1);
  const before = rest.slice(0, Math.max(slash, 0));
  if (before.endsWith("/manifests")) return target("manifest", before, "/manifests", reference);
  if (before.endsWith("/blobs/uploads")) {
    return target(reference === "" ? "uploads" : "upload", before, "/blobs/uploads", reference);
  }
  if (before.endsWith("/blobs"))
    return target(reference === "uploads" ? "uploads" : "blob", before, "/blobs", reference);
  if (before.endsWith("/tags") && reference === "list") return target("tags", before, "/tags", "");
  if (before.endsWith("/referrers")) return target("referrers", before, "/referrers", reference);
  return undefined;
}

function target(kind: Target["kind"], before: string, ending: string, reference: string): Target {
  return { kind, name: toName(before.slice(0, -ending.length)), reference };
}

/** Some clients write a digest's colon as `%3A`. Nothing that could change the path's parts may be written so. */
function decode(path: string): string {
  if (!path.includes("%")) return path;
  return path
    .split("/")
    .map((part) => {
      const decoded = decodePart(part);
      if (decoded === undefined || !/^[\w.:+-]*$/.test(decoded)) {
        throw new Fault("NAME_INVALID", "the path has characters that no repository, tag or digest has");
      }
      return decoded;
    })
    .join("/");
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
