import { Fault } from "../contract/fault.ts";
import { toMetadata, type Metadata } from "./metadata.ts";
import { invalidRole } from "./refusals.ts";
import { isRole } from "./roles.ts";

/** One part of an upload. */
export interface Part {
  /** The role, in full: the slashes of a delegation are not a path's. */
  filename: string | undefined;
  bytes: Buffer;
}

/**
 * The metadata of an upload by role: of two parts for one role the later. Timestamps are the server's, and what a client sends
 * for one is not looked at. Throws `NO_FILENAME`, `INVALID_ROLE`, `MALFORMED_JSON`, for the first part that is wrong.
 */
export function toUpload(parts: readonly Part[]): ReadonlyMap<string, Metadata> {
  const upload = new Map<string, Metadata>();
  for (const { filename = "", bytes } of parts) {
    const role = filename.replace(/\.json$/, "");
    if (role === "") throw new Fault("NO_FILENAME", "No file/role name provided.");
    if (!isRole(role)) throw invalidRole(role);
    if (role !== "timestamp") upload.set(role, toMetadata(bytes));
  }
  return upload;
}
