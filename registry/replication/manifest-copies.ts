import { Fault } from "../contract/fault.ts";
import { isForeign, parseManifest, type Manifest } from "../oci/media.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { forEach, once } from "./at-once.ts";
import type { createBlobCopies } from "./blob-copies.ts";
import type { Ledger } from "./ledger.ts";
import type { Piece, SideManifest } from "./side.ts";
import type { Copying } from "./transfer.ts";

/** Indexes in indexes. */
const deepest = 5;
/** Children of one index at a time; their blobs are limited by themselves. */
const atOnce = 3;

export interface ManifestCopies {
  /** Brings all that a manifest names, so that it can be put. Throws `MANIFEST_INVALID`, `MANIFEST_UNKNOWN`. */
  contents(manifest: SideManifest): Promise<void>;
  /** Brings a manifest that refers to `subject`, and says whether it does. */
  copyReferrer(piece: Piece, subject: string): Promise<boolean>;
}

/** Of a manifest that a copy is about. Throws `MANIFEST_INVALID`. */
export function readManifest({ bytes, media_type }: SideManifest): Manifest {
  return parseManifest(
    bytes,
    media_type === "" || media_type === "application/json" ? undefined : media_type,
  );
}

/** What no reader understands refers to nothing. */
function refersTo(manifest: SideManifest, subject: string): boolean {
  try {
    return readManifest(manifest).subject === subject;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** Whether an index means a manifest by this; BuildKit's caches name blobs in their place. */
export function isManifest({ media_type }: Pick<Piece, "media_type">): boolean {
  return /^application\/vnd\.(oci\.image\.(manifest|index)\.v1|docker\.distribution\.manifest(\.list)?\.v\d)\+/.test(
    media_type,
  );
}

/** Copies manifests of one job, children first, each once. */
export function createManifestCopies(
  copying: Copying,
  blobs: ReturnType<typeof createBlobCopies>,
  ledger: Ledger,
): ManifestCopies {
  const { source, target, from, to, signal, log } = copying;
  /** By digest: manifests all of whose parts are there, and those that are there themselves. */
  const filled = new Map<string, Promise<void>>();
  const put = new Map<string, Promise<void>>();

  async function fill(manifest: SideManifest, depth: number): Promise<void> {
    if (depth > deepest)
      throw new Fault("MANIFEST_INVALID", `${manifest.digest} is nested more than ${deepest} deep`);
    const { config, layers, children } = readManifest(manifest);
    const pieces = new Map<string, () => Promise<void>>();
    for (const layer of [...(config ? [config] : []), ...layers])
      pieces.set(layer.digest, () => copyLayer(layer));
    for (const child of children) {
      const copy = (): Promise<void> => once(put, child.digest, () => copyChild(child, depth + 1));
      pieces.set(child.digest, isManifest(child) ? copy : () => blobs.copy(child));
    }
    await forEach(pieces.values(), atOnce, (copy) => copy());
  }

  async function copyLayer(layer: Descriptor): Promise<void> {
    // Its bytes are elsewhere, and who pulls it fetches them there.
    if (isForeign(layer) && !(await source.hasBlob(from, layer, signal)))
      return log("info", `${layer.digest} is a foreign layer that ${source.name} does not have: left out`);
    await blobs.copy(layer);
  }

  const contents = (manifest: SideManifest, depth = 0): Promise<void> =>
    once(filled, manifest.digest, () => fill(manifest, depth));

  async function copyChild({ digest }: Piece, depth: number): Promise<void> {
    ledger.item();
    if ((await target.digestOf(to, digest, signal)) !== digest) {
      const manifest = await locate(digest);
      await contents(manifest, depth);
      await target.putManifest(to, digest, manifest, signal);
    }
    ledger.itemDone();
  }

  async function locate(digest: string): Promise<SideManifest> {
    const found = await source.manifest(from, digest, signal);
    if (found) return found;
    throw new Fault("MANIFEST_UNKNOWN", `${source.name} names ${digest} in ${from}, but does not have it`);
  }

  return {
    contents,

    async copyReferrer({ digest }, subject) {
      const manifest = await source.manifest(from, digest, signal);
      if (!manifest || !refersTo(manifest, subject)) {
        log("warn", `${source.name} lists ${digest} as about ${subject}, which it is not: left out`);
        return false;
      }
      ledger.item();
      await contents(manifest);
      await target.putManifest(to, digest, manifest, signal);
      ledger.itemDone();
      log("info", `${digest}, which is about ${subject}, copied`);
      return true;
    },
  };
}
