import type { Readable } from "node:stream";
import { Fault } from "../contract/fault.ts";
import type { Place } from "../oci/blobs.ts";
import type { Oci } from "../oci/oci.ts";
import type { Upload } from "../store/blobs.ts";
import { Broken } from "./remote/troubles.ts";
import type { Piece, Putting, Side } from "./side.ts";

/** Bytes from which on it is worth writing down where an upload stands. */
const large = 4 * 2 ** 20;
/** How often it goes on at once after a break that came without a byte having arrived. */
const mostBreaks = 4;
/** Whose uploads these are: no user's number, and no robot's. */
const user = "replication";

interface Deps {
  oci: Oci;
  /** Throws when nothing may be written there. */
  placeOf(repository: string): Promise<Place>;
}

/** Blobs into this registry: the same uploads that clients have, so that half of one is kept over a restart. */
export function createLocalUploads({ oci, placeOf }: Deps): Pick<Side, "putBlob"> {
  const { blobs, uploads } = oci;

  /** Within its project a repository may take what another has; beyond, only what the same source has brought. */
  async function mounted(digest: string, place: Place, from: string | undefined): Promise<boolean> {
    if (from !== undefined && (await blobs.mount(digest, place, from, () => Promise.resolve(true))))
      return true;
    return blobs.mount(digest, place, undefined, () => Promise.resolve(false));
  }

  async function resume(
    id: string | undefined,
    { name }: Place,
    { size }: Piece,
  ): Promise<Upload | undefined> {
    if (id === undefined) return undefined;
    try {
      const upload = await uploads.locate(id, name, user);
      if (upload.size <= size) return upload;
      await upload.cancel();
      return undefined;
    } catch (error) {
      if (error instanceof Fault && error.code === "BLOB_UPLOAD_UNKNOWN") return undefined;
      throw error;
    }
  }

  /** Takes bytes until they are all there, going on where the source broke off. */
  async function fill(upload: Upload, piece: Piece, open: Open, { found, signal }: Putting): Promise<void> {
    for (let breaks = 0; upload.size < piece.size;) {
      const before = upload.size;
      found(before);
      const bytes = await open(before);
      try {
        await uploads.append(upload, { bytes, length: piece.size - before, range: undefined });
      } catch (error) {
        signal.throwIfAborted();
        breaks = upload.size > before ? 0 : breaks + 1;
        if (!(error instanceof Broken) || breaks > mostBreaks) throw error;
      } finally {
        bytes.destroy();
      }
    }
  }

  async function receive(
    upload: Upload,
    place: Place,
    piece: Piece,
    open: Open,
    about: Putting,
  ): Promise<void> {
    try {
      await fill(upload, piece, open, about);
      await uploads.finish(upload, piece.digest, place);
    } catch (error) {
      // Bytes that are not the right ones are of no use later, and neither are few of them.
      if (error instanceof Fault || piece.size < large) await upload.cancel().catch(() => undefined);
      throw error;
    }
  }

  return {
    async putBlob(repository, piece, open, about) {
      const place = await placeOf(repository);
      if (await mounted(piece.digest, place, about.mount)) return "mounted";
      const begun = await resume(about.begun?.location, place, piece);
      const before = begun?.size ?? 0;
      const upload = begun ?? (await uploads.begin(place, user));
      if (!begun && piece.size >= large) await about.note({ location: upload.id });
      about.found(before);
      try {
        await receive(upload, place, piece, open, about);
      } catch (error) {
        // What an earlier attempt left may be what is wrong.
        if (!(error instanceof Fault) || error.code !== "DIGEST_INVALID" || before === 0) throw error;
        await receive(await uploads.begin(place, user), place, piece, open, about);
      }
      return "sent";
    },
  };
}

type Open = (from: number) => Promise<Readable>;
