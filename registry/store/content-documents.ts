/** What is pushed: projects, repositories, artifacts. Field names are Harbor's where Harbor has one; times are RFC 3339. */

export interface ProjectDocument {
  project_id: number;
  name: string;
  owner_id: number;
  owner_name: string;
  public: boolean;
  metadata: Record<string, string>;
  /** A proxy project: what is asked for is fetched from that endpoint. */
  registry_id?: number;
  creation_time: string;
  update_time: string;
}

export interface RepositoryDocument {
  id: number;
  project_id: number;
  /** With its project. */
  name: string;
  description: string;
  creation_time: string;
  update_time: string;
}

export interface ArtifactDocument {
  id: number;
  project_id: number;
  repository_id: number;
  repository_name: string;
  digest: string;
  /** Of the configuration. */
  media_type: string;
  manifest_media_type: string;
  artifact_type: string;
  /** Bytes: manifest, configuration and layers; of an index, with its children. */
  size: number;
  /** Bytes of the manifest alone. */
  manifest_size: number;
  push_time: string;
  annotations: Record<string, string>;
  /** Of an image: what its configuration tells. */
  extra_attrs: Record<string, unknown>;
  /** The blobs it names, configuration first. */
  blobs: { digest: string; media_type: string; size: number }[];
  /** Of an index: the manifests it names. */
  children: { digest: string; platform?: Record<string, unknown>; annotations?: Record<string, string> }[];
  /** The digest it refers to, whether or not that is there yet. */
  subject?: string;
}

export interface TagDocument {
  id: number;
  repository_id: number;
  name: string;
  digest: string;
  push_time: string;
}

/** A repository may serve a blob only if it has this: bytes are shared, knowing a digest is not a right. */
export interface BlobLinkDocument {
  repository_id: number;
  project_id: number;
  digest: string;
  size: number;
}

/** Counts and times of pulls: written often and of little weight, so apart from what they count. */
export interface PullDocument {
  /** `repository:12`, `artifact:34` or `tag:56`. */
  what: string;
  count: number;
  pull_time: string;
}
