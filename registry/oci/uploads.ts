import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { Fault } from "../contract/fault.ts";
import type { Blobs as BlobStore, Upload } from "../store/blobs.ts";
import type { Blobs, Place } from "./blobs.ts";

export interface Uploads {
  /** Opens an upload of that user into that repository. */
  begin(place: Place, user: string): Promise<Upload>;
  /** Throws `BLOB_UPLOAD_UNKNOWN`, also for what another user began or for another repository. */
  locate(id: string, name: string, user: string): Promise<Upload>;
  /** Takes one more piece; bytes that arrive before the connection breaks stay. Throws `RANGE_INVALID`, `SIZE_INVALID`. */
  append(upload: Upload, piece: Piece): Promise<void>;
  /** Ends it as a blob. Throws `DIGEST_INVALID`, and then the upload is gone: wrong bytes do not become right. */
  finish(upload: Upload, digest: string, place: Place): Promise<void>;
}

export interface Piece {
  bytes: Readable;
  /** Bytes; absent when the client streams without saying how many. */
  length: number | undefined;
  /** `Content-Range`: the first and last byte's places, as in `0-1023`. */
  range: string | undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Uploads of blobs, as the distribution spec tells them.
 *
 * Bytes go to a private file and become a blob only when the client names the digest they turn out to have. A push that
 * dies half way leaves a file that nobody can read, and that its client may go on with.
 */
export function createUploads({
  store,
  blobs,
  now,
}: {
  store: BlobStore;
  blobs: Blobs;
  now: () => Date;
}): Uploads {
  return {
    begin({ name }, user) {
      return store.begin(randomUUID(), { repository_name: name, user, started: now().toISOString() });
    },

    async locate(id, name, user) {
      const upload = uuid.test(id) ? await store.upload(id) : undefined;
      if (!upload || upload.about.repository_name !== name || upload.about.user !== user) throw unknown(id);
      return upload;
    },

    async append(upload, { bytes, length, range }) {
      const expected = range === undefined ? length : lengthOf(range, upload.size);
      if (length !== undefined && length !== expected) {
        throw new Fault(
          "SIZE_INVALID",
          `the content-range ${range} is not as long as the content-length ${length}`,
        );
      }
      const before = upload.size;
      await upload.append(bytes);
      const received = upload.size - before;
      if (expected !== undefined && received !== expected) {
        throw new Fault("SIZE_INVALID", `${received} bytes arrived where ${expected} were announced`);
      }
    },

    async finish(upload, digest, place) {
      try {
        await blobs.keep(upload, digest, place);
      } catch (error) {
        if (error instanceof Fault && error.code === "DIGEST_INVALID") await upload.cancel();
        throw error;
      }
    },
  };
}

/** The length of a range that goes on where the upload ends. Throws `RANGE_INVALID`, `BLOB_UPLOAD_INVALID`. */
function lengthOf(range: string, size: number): number {
  const [, first, last] = /^(?:bytes[ =])?([0-9]{1,15})-([0-9]{1,15})$/.exec(range) ?? [];
  if (first === undefined || last === undefined) {
    throw new Fault(
      "BLOB_UPLOAD_INVALID",
      "a content-range is two numbers with a dash between them, as in 0-1023",
    );
  }
  if (Number(first) !== size || Number(last) < Number(first)) {
    throw new Fault("RANGE_INVALID", `the upload has ${size} bytes, so the next chunk starts at ${size}`);
  }
  return Number(last) - Number(first) + 1;
}

function unknown(id: string): Fault {
  return new Fault(
    "BLOB_UPLOAD_UNKNOWN",
    `there is no upload ${id.slice(0, 36)} of yours in this repository: start again`,
  );
}
