import { Fault } from "../contract/fault.ts";
import { imageIndex, parseManifest } from "../oci/media.ts";
import { dockerImages } from "./docker-save.ts";
import { type ArchiveName, dockerName, nameOf, ownProject } from "./names.ts";
import type { Stage } from "./staging.ts";

/** What an archive lists, with what it is called. */
export interface Root {
  name: ArchiveName;
  digest: string;
  media_type: string;
}

export interface Listed {
  roots: Root[];
  /** Berth wrote it, and so whole: what is missing was lost. */
  own: boolean;
}

/** What an archive lists: by the index of an OCI layout, else as docker saved it. Throws `BAD_REQUEST`. */
export function rootsOf(stage: Stage): Listed {
  const index = stage.file("index.json")?.bytes;
  if (index) return listedIn(index, stage);
  const saved = stage.file("manifest.json")?.bytes;
  if (!saved) {
    throw new Fault(
      "BAD_REQUEST",
      "the file is no archive of images: it has neither an index.json (OCI) nor a manifest.json (docker save)",
    );
  }
  const roots = dockerImages(saved, stage).flatMap(({ digest, media_type, names }) => {
    const all = names.length > 0 ? names.map(dockerName) : [{ said: "" }];
    return all.map((name) => ({ name, digest, media_type }));
  });
  return { roots, own: false };
}

function listedIn(index: Buffer, stage: Stage): Listed {
  assertVersion(stage.file("oci-layout")?.bytes);
  const { children, annotations } = readIndex(index);
  const own = annotations[ownProject] !== undefined;
  const roots = children.map(({ digest, media_type, annotations: called }) => ({
    name: nameOf(called, own),
    digest,
    media_type,
  }));
  return { roots, own };
}

function readIndex(bytes: Buffer) {
  try {
    const index = parseManifest(bytes, undefined);
    if (index.media_type === imageIndex) return index;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault("BAD_REQUEST", `index.json in the archive cannot be read: ${error.message}`);
  }
  throw new Fault("BAD_REQUEST", "index.json in the archive is no image index");
}

/** Image spec, "oci-layout file". */
function assertVersion(bytes: Buffer | undefined): void {
  if (!bytes) return;
  const [, major] = /"imageLayoutVersion"\s*:\s*"(\d+)\./.exec(bytes.toString("utf8")) ?? [];
  if (major === "1") return;
  throw new Fault("BAD_REQUEST", "the archive is of a version of OCI's layout that is not known here");
}
