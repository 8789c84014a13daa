import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { Fault } from "../contract/fault.ts";
import { isDigest } from "../oci/reference.ts";
import type { Blobs, UploadInfo, Upload } from "../store/blobs.ts";
import { createKeys, targetOf } from "./keys.ts";
import { limits } from "./limits.ts";
import { type Entry, shown } from "./tar-entries.ts";

/** A file of the archive while nothing of it is an image yet. */
export interface Staged {
  digest: string;
  size: number;
  /** The first bytes in hexadecimal digits, by which a layer is known. */
  head: string;
  /** What is small or may be a manifest is held; what is large waits in an upload; what the project has is passed over. */
  bytes?: Buffer;
  upload?: Upload;
}

export interface Stage {
  /** The file of that name, through links. */
  file(name: string): Staged | undefined;
  digest(digest: string): Staged | undefined;
  /** Takes in what was made of the archive's files. */
  add(staged: Staged): void;
  /** Removes every byte that was not kept. */
  cancel(): Promise<void>;
}

interface Deps {
  blobs: Pick<Blobs, "begin">;
  about: UploadInfo;
  /** The size of a blob that the project has, whole. */
  held(digest: string): Promise<number | undefined>;
  /** Bytes that the disk can still take. */
  room(): Promise<number>;
}

/** Bytes of a file that is not worth an upload, and of all such that are in memory. */
const largest = { small: 64 * 1024, smalls: 16 * 2 ** 20 };
const jsonNames = new Set(["index.json", "manifest.json", "oci-layout"]);
const headLength = 4;

/**
 * Takes the files of an archive to where they can become blobs, each with its digest, which is checked where its name tells
 * it. Memory is bounded whatever the archive holds. When it throws, nothing stays.
 *
 * Throws `BAD_REQUEST`, `DIGEST_INVALID`, `REQUEST_ENTITY_TOO_LARGE`, `INSUFFICIENT_STORAGE`, and what the entries throw.
 */
export async function stageEntries(entries: AsyncIterable<Entry>, deps: Deps): Promise<Stage> {
  const files = new Map<string, Staged>();
  const byDigest = new Map<string, Staged>();
  const links = new Map<string, string>();
  const inMemory = { manifests: 0, smalls: 0 };

  const stage: Stage = {
    file(name) {
      // Docker's links lead from one layer to another; more steps than a few are somebody's joke.
      let key = name;
      for (let step = 0; step < 8 && links.has(key); step += 1) key = links.get(key) ?? key;
      return files.get(key);
    },
    digest: (digest) => byDigest.get(digest),
    add: (staged) => void byDigest.set(staged.digest, staged),
    async cancel() {
      const open = [...files.values()].flatMap(({ upload }) => upload ?? []);
      await Promise.allSettled(open.map((upload) => upload.cancel()));
    },
  };

  async function take(entry: Entry, key: string): Promise<Staged> {
    const told = digestIn(key);
    if (entry.size <= limits.json) return takeSmall(entry, key, told);
    if (jsonNames.has(key)) {
      throw new Fault("REQUEST_ENTITY_TOO_LARGE", `${key} in the archive has more than 4 MiB`);
    }
    const { size } = entry;
    if (told !== undefined && (await deps.held(told)) === size) {
      return { digest: told, size, head: "" };
    }
    const room = await deps.room();
    if (size > room) {
      throw new Fault(
        "INSUFFICIENT_STORAGE",
        `${shown(entry.name)} in the archive has ${size} bytes, and the disk has room for ${Math.max(room, 0)}`,
      );
    }
    return upload(entry.body(), { name: entry.name, told });
  }

  async function takeSmall(entry: Entry, key: string, told: string | undefined): Promise<Staged> {
    const parts: Buffer[] = [];
    for await (const part of entry.body()) parts.push(part);
    const bytes = Buffer.concat(parts);
    const digest = digestOf(bytes, told);
    assertDigest(digest, told, entry.name);
    const staged = { digest, size: bytes.length, head: bytes.toString("hex", 0, headLength) };
    if (jsonNames.has(key) || isDocument(bytes, told !== undefined)) {
      inMemory.manifests += bytes.length;
      if (inMemory.manifests <= limits.manifests) return { ...staged, bytes };
      throw new Fault(
        "REQUEST_ENTITY_TOO_LARGE",
        "the archive has more than 64 MiB of manifests: split it, one repository each",
      );
    }
    if (told !== undefined && (await deps.held(told)) === bytes.length) return staged;
    inMemory.smalls += bytes.length <= largest.small ? bytes.length : 0;
    if (bytes.length <= largest.small && inMemory.smalls <= largest.smalls) return { ...staged, bytes };
    return upload([bytes], { name: entry.name, told });
  }

  async function upload(
    source: Iterable<Buffer> | AsyncIterable<Buffer>,
    { name, told }: { name: string; told: string | undefined },
  ): Promise<Staged> {
    const hash = createHash(algorithmOf(told));
    let head = "";
    async function* hashed(): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        if (head.length < 2 * headLength) head += piece.toString("hex", 0, headLength - head.length / 2);
        hash.update(piece);
        yield piece;
      }
    }
    const open = await deps.blobs.begin(randomUUID(), deps.about);
    try {
      await open.append(Readable.from(hashed(), { objectMode: false, highWaterMark: 2 ** 20 }));
      const digest = `${algorithmOf(told)}:${hash.digest("hex")}`;
      assertDigest(digest, told, name);
      return { digest, size: open.size, head, upload: open };
    } catch (error) {
      await open.cancel();
      throw error;
    }
  }

  const keys = createKeys();
  try {
    for await (const entry of entries) {
      const key = keys.add(entry);
      if (entry.kind === "link" || entry.kind === "symlink") links.set(key, targetOf(key, entry));
      if (entry.kind !== "file") continue;
      const staged = await take(entry, key);
      files.set(key, staged);
      byDigest.set(staged.digest, staged);
    }
    return stage;
  } catch (error) {
    await stage.cancel();
    throw error;
  }
}

/** The digest that a name in an OCI layout tells. Image spec, "Image Layout". */
function digestIn(key: string): string | undefined {
  const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(key) ?? [];
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) ? digest : undefined;
}

/** Whether it may be a manifest, or in docker's older form an image's configuration. */
function isDocument(bytes: Buffer, inLayout: boolean): boolean {
  if (bytes[0] !== 0x7b) return false;
  return bytes.includes('"schemaVersion"') || (!inLayout && bytes.includes('"rootfs"'));
}

function algorithmOf(told: string | undefined): "sha256" | "sha512" {
  return told?.startsWith("sha512:") ? "sha512" : "sha256";
}

export function digestOf(bytes: Buffer, like?: string): string {
  const algorithm = algorithmOf(like);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

function assertDigest(digest: string, told: string | undefined, name: string): void {
  if (told === undefined || digest === told) return;
  throw new Fault(
    "DIGEST_INVALID",
    `${shown(name)} in the archive is damaged: its bytes are those of ${digest}`,
  );
}
