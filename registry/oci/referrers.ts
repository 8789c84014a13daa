import type { ArtifactDocument, Collections } from "../store/collections.ts";
import { imageIndex } from "./media.ts";
import type { Repositories } from "./repositories.ts";

export interface Referrers {
  /** The index of what refers to that digest, whether or not the digest or the repository is there. */
  list(repository_name: string, digest: string, asked: Asked): Promise<Listed>;
}

interface Asked {
  artifact_type: string | undefined;
  /** Goes on after the artifact of this id. */
  last: number;
}

interface Listed {
  index: { schemaVersion: 2; mediaType: string; manifests: Entry[] };
  /** The id to go on after, when there is more. */
  next: number | undefined;
}

interface Entry {
  mediaType: string;
  size: number;
  digest: string;
  artifactType?: string;
  annotations?: Record<string, string>;
}

const most = 100;
/** Characters; clients read an index of up to 4 MiB, and annotations may be as large as a manifest. */
const largestIndex = 3 * 2 ** 20;

/** Distribution spec, "Listing Referrers" (end-12a, end-12b). */
export function createReferrers(
  { artifacts }: Pick<Collections, "artifacts">,
  repositories: Repositories,
): Referrers {
  return {
    async list(repository_name, digest, { artifact_type, last }) {
      const manifests: Entry[] = [];
      const index = { schemaVersion: 2, mediaType: imageIndex, manifests } as const;
      const repository = await repositories.find(repository_name);
      if (!repository) return { index, next: undefined };
      const where = {
        repository_id: repository.id,
        subject: digest,
        id: { from: last + 1 },
        ...(artifact_type === undefined ? {} : { artifact_type }),
      };
      const found = await artifacts.list({ where, sort: ["id"], limit: most + 1 });
      let length = 0;
      let next: number | undefined;
      for (const artifact of found) {
        const entry = toEntry(artifact);
        length += JSON.stringify(entry).length;
        if (manifests.length === most || (manifests.length > 0 && length > largestIndex))
          return { index, next };
        manifests.push(entry);
        next = artifact.id;
      }
      return { index, next: undefined };
    },
  };
}

function toEntry({
  manifest_media_type,
  manifest_size,
  digest,
  artifact_type,
  annotations,
}: ArtifactDocument): Entry {
  return {
    mediaType: manifest_media_type,
    size: manifest_size,
    digest,
    ...(artifact_type === "" ? {} : { artifactType: artifact_type }),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}
