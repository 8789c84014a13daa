import { createHash } from "node:crypto";
import { bytesOf, objectOf, type Metadata } from "./metadata.ts";
import { refusal } from "./refusals.ts";
import { isDelegation, isTargets, parentOf } from "./roles.ts";
import { assertSigned } from "./signatures.ts";
import { assertNotExpired, assertType, delegationsOf, wrong, type Role } from "./structure.ts";

/** What one document says of the bytes of another. Digests are hexadecimal. */
export interface FileMeta {
  sha256: string;
  sha512: string | undefined;
  /** Bytes. */
  length: number | undefined;
}

/** What the collection has of a role once the update is in: what is uploaded, else what is there. */
export type After = (role: string) => Promise<Metadata | undefined>;

const bytesIn = { sha256: 32, sha512: 64 } as const;

/** What a snapshot or timestamp names, by role. Throws `INVALID_UPDATE`, `MALFORMED_JSON`. */
export function metaOf(metadata: Metadata, kind: "snapshot" | "timestamp"): ReadonlyMap<string, FileMeta> {
  assertType(metadata, kind, kind);
  const meta = new Map(
    Object.entries(objectOf(metadata.signed.meta ?? {})).map(([role, entry]) => [
      role,
      toFileMeta(role, entry, kind),
    ]),
  );
  for (const role of kind === "snapshot" ? ["root", "targets"] : ["snapshot"])
    if (!meta.has(role)) throw wrong(kind, `missing ${role} sha256 checksum information`);
  return meta;
}

function toFileMeta(role: string, entry: unknown, kind: string): FileMeta {
  const { hashes: named, length } = objectOf(entry);
  const hashes = objectOf(named ?? {});
  const digest = (algorithm: keyof typeof bytesIn): string | undefined => {
    const bytes = hashes[algorithm] === undefined ? undefined : bytesOf(hashes[algorithm]);
    if (bytes && bytes.length !== bytesIn[algorithm])
      throw wrong(kind, `invalid ${role} ${algorithm} checksum information`);
    return bytes?.toString("hex");
  };
  const sha256 = digest("sha256");
  if (sha256 === undefined) throw wrong(kind, `missing ${role} sha256 checksum information`);
  return { sha256, sha512: digest("sha512"), length: typeof length === "number" ? length : undefined };
}

/** How a snapshot or timestamp names these bytes. */
export function toFileEntry(bytes: Buffer) {
  const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest("base64");
  return { hashes: { sha256: hash("sha256"), sha512: hash("sha512") }, length: bytes.length };
}

/**
 * Judges a snapshot that the client signed. All it names must be there afterwards with these very bytes, and nothing that is
 * there and still delegated may be left out: the collection could not be read, or would have lost signatures unseen.
 *
 * Throws `INVALID_UPDATE`.
 */
export async function assertSnapshot(
  snapshot: Metadata,
  {
    role,
    uploaded,
    before,
    after,
    now,
  }: {
    role: Role;
    uploaded: ReadonlyMap<string, Metadata>;
    before: Metadata | undefined;
    after: After;
    now: number;
  },
): Promise<void> {
  assertSigned(snapshot, role);
  const meta = metaOf(snapshot, "snapshot");
  for (const [name, named] of meta) await assertSame(name, named, await after(name));
  for (const name of uploaded.keys())
    if ((name === "root" || isTargets(name)) && !meta.has(name))
      throw wrong("snapshot", `missing ${name} sha256 checksum information`);
  for (const name of before ? metaOf(before, "snapshot").keys() : [])
    if (!meta.has(name) && (await isDelegated(name, after)))
      throw wrong("snapshot", `missing ${name} sha256 checksum information`);
  assertNotExpired(snapshot, "snapshot", now);
}

async function assertSame(name: string, named: FileMeta, found: Metadata | undefined): Promise<void> {
  const same = (algorithm: keyof typeof bytesIn): boolean =>
    named[algorithm] === undefined ||
    named[algorithm] === (found && createHash(algorithm).update(found.bytes).digest("hex"));
  for (const algorithm of ["sha256", "sha512"] as const) {
    if (same(algorithm)) continue;
    const sentence = `${algorithm} checksum for ${name} did not match: expected ${named[algorithm]}`;
    throw refusal("ErrBadSnapshot", sentence);
  }
  if (found && named.length !== undefined && named.length !== found.bytes.length)
    throw refusal("ErrBadSnapshot", `length of ${name} did not match: expected ${named.length}`);
}

async function isDelegated(name: string, after: After): Promise<boolean> {
  if (!isDelegation(name)) return false;
  const parent = parentOf(name);
  if (parent !== "targets" && !(await isDelegated(parent, after))) return false;
  const metadata = await after(parent);
  return metadata !== undefined && delegationsOf(metadata, parent).has(name);
}
