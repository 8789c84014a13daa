import type { ArchivePlace, Imported } from "../../registry/contract/archives.ts";

/** Told how many bytes of how many have moved. */
export type Hear = (bytes: number, total: number) => void;

/**
 * `saved` when the file is there, `none` when nobody wanted it, and `begun` when the browser fetches those bytes, and tells how
 * far it is in its own way.
 */
export type Exported = { came: "saved" } | { came: "none" } | { came: "begun"; size: number };

/** Moves archives between the registry and this computer, one at a time. */
export interface ArchiveMover {
  export(place: ArchivePlace, hear: Hear): Promise<Exported>;
  /** Takes in a file, or one that the person is asked for; `undefined` when there was none, or when it was cancelled. */
  import(place: ArchivePlace, file: File | undefined, hear: Hear): Promise<Imported | undefined>;
  /** The last file once more, into another place: whoever dropped it need not look for it again. */
  again(place: ArchivePlace, hear: Hear): Promise<Imported | undefined>;
  cancel(): void;
}
