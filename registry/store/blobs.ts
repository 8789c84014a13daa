import type { Readable } from "node:stream";

/**
 * Where bytes are kept, by digest. A blob is whole and on disk, or it is not there; a reader never sees half of one.
 * Every engine passes `test/store/blobs`.
 */
export interface Blobs {
  /** Its size in bytes, if it is there and whole. */
  size(digest: string): Promise<number | undefined>;
  /** Throws `BLOB_UNKNOWN`. `range` is inclusive, as HTTP says it. The stream fails if the file is cut short. */
  read(digest: string, range?: { start: number; end: number }): Promise<Readable>;
  /**
   * Hands the same bytes to `take`, a piece at a time, which is how to send them fastest: many who want one blob share the
   * reading. What `take` is given is its own until the promise it returned settles. Throws `BLOB_UNKNOWN` before it is called.
   */
  pour(
    digest: string,
    range: { start: number; end: number } | undefined,
    take: (bytes: Buffer) => Promise<void>,
  ): Promise<void>;
  /** All of a small blob, a manifest or a configuration. Throws `BLOB_UNKNOWN`, and `SIZE_INVALID` above `limit` bytes. */
  readAll(digest: string, limit: number): Promise<Buffer>;
  /** Keeps a small blob under the digest it must have. Throws `DIGEST_INVALID`. */
  write(digest: string, bytes: Buffer): Promise<void>;
  remove(digest: string): Promise<void>;
  list(): AsyncIterable<{ digest: string; size: number }>;
  /** Opens an upload of that id, which a restart does not lose. `about` comes back with it. */
  begin(id: string, about: UploadInfo): Promise<Upload>;
  /** The upload as it stands: one begun before a restart too. */
  upload(id: string): Promise<Upload | undefined>;
  /** Every upload that is open, for expiry. */
  uploads(): AsyncIterable<Upload>;
  close(): Promise<void>;
}

export interface UploadInfo {
  repository_name: string;
  user: string;
  /** RFC 3339. */
  started: string;
}

export interface Upload {
  readonly id: string;
  readonly about: UploadInfo;
  /** Bytes received and on disk. */
  readonly size: number;
  /** When bytes last came, RFC 3339; this moment while they come. For expiry. */
  readonly active: string;
  /**
   * Takes the stream to the end, hashing as it writes. What arrived before a broken stream stays, and counts.
   * One at a time: a second caller gets `BLOB_UPLOAD_INVALID`. Throws `INSUFFICIENT_STORAGE` on a full disk.
   */
  append(bytes: Readable): Promise<void>;
  /** Makes it the blob of that digest, synced with its folder, and ends the upload. Throws `DIGEST_INVALID`; then the upload is still there. */
  commit(digest: string): Promise<void>;
  cancel(): Promise<void>;
}
