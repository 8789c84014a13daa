import { Fault } from "../contract/fault.ts";
import { imageIndex, isForeign } from "../oci/media.ts";
import type { Blobs } from "../store/blobs.ts";
import type {
  ArtifactDocument,
  Collections,
  ProjectDocument,
  RepositoryDocument,
} from "../store/collections.ts";
import { imageName, ownProject, refName } from "./names.ts";
import { savedImageOf, type SavedEntry } from "./saved-image.ts";

interface IndexEntry {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  annotations: Record<string, string>;
}

/** What an archive holds. */
export interface Listing {
  /** `index.json`. Image spec, "Image Layout". */
  index: object;
  /** `manifest.json`, from which every docker loads images. */
  saved: SavedEntry[];
  /** Bytes of each, manifests among them. */
  blobs: Map<string, number>;
  /** Bytes of all manifests. */
  manifests: number;
}

interface Deps {
  collections: Pick<Collections, "artifacts" | "tags">;
  blobs: Pick<Blobs, "size" | "readAll">;
}

/** Lists repositories' content in an order that only the content decides. */
export function createListing({ collections: { artifacts, tags }, blobs }: Deps) {
  return async function list(
    project: ProjectDocument,
    repositories: readonly RepositoryDocument[],
  ): Promise<Listing> {
    const sizes = new Map<string, number>();
    const entries: IndexEntry[] = [];
    const saved: SavedEntry[] = [];
    let manifests = 0;

    async function hold(digest: string, size: number, { repository_name }: ArtifactDocument): Promise<void> {
      if (sizes.has(digest)) return;
      if ((await blobs.size(digest)) !== size) {
        throw new Fault(
          "CONFLICT",
          `${repository_name} needs ${digest}, which is missing here: push it again`,
        );
      }
      sizes.set(digest, size);
    }

    async function holdAll(artifact: ArtifactDocument): Promise<void> {
      await hold(artifact.digest, artifact.manifest_size, artifact);
      for (const blob of artifact.blobs) {
        if (isForeign(blob) && (await blobs.size(blob.digest)) === undefined) continue;
        await hold(blob.digest, blob.size, artifact);
      }
    }

    for (const { id: repository_id, name } of repositories) {
      const held = await artifacts.list({ where: { repository_id }, sort: ["digest"] });
      const byDigest = new Map(held.map((artifact) => [artifact.digest, artifact]));
      const references = new Map<string, string[]>();
      for (const tag of await tags.list({ where: { repository_id }, sort: ["name"] })) {
        const artifact = byDigest.get(tag.digest);
        if (!artifact) continue;
        entries.push(entryOf(artifact, name, tag.name));
        references.set(tag.digest, [...(references.get(tag.digest) ?? []), `${name}:${tag.name}`]);
      }
      // What an index names is found through it.
      const children = new Set(held.flatMap((artifact) => artifact.children.map(({ digest }) => digest)));
      for (const artifact of held) {
        manifests += artifact.manifest_size;
        await holdAll(artifact);
        const { digest } = artifact;
        const named = references.get(digest);
        if (!named && !children.has(digest)) entries.push(entryOf(artifact, name));
        const image = named && (await savedImageOf(artifact, named, blobs));
        if (image) saved.push(image);
      }
    }
    const annotations = { [ownProject]: project.name };
    const index = { schemaVersion: 2, mediaType: imageIndex, manifests: entries, annotations };
    return { index, saved, blobs: sizes, manifests };
  };
}

/**
 * A tag's name is also given as containerd has them, with docker's own host: so the name is the same wherever this registry
 * is, and docker shows it without a host.
 */
function entryOf(artifact: ArtifactDocument, name: string, tag?: string): IndexEntry {
  const { manifest_media_type: mediaType, digest, manifest_size: size, artifact_type } = artifact;
  const short = name.slice(name.indexOf("/") + 1);
  const isImage = artifact_type === "" || artifact_type === artifact.media_type;
  return {
    mediaType,
    digest,
    size,
    ...(isImage ? {} : { artifactType: artifact_type }),
    annotations:
      tag === undefined
        ? { [refName]: `${short}@${digest}` }
        : { [refName]: `${short}:${tag}`, [imageName]: `docker.io/${name}:${tag}` },
  };
}
