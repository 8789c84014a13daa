import type { Events } from "../events.ts";
import type { Blobs as BlobStore } from "../store/blobs.ts";
import type { Collections, RepositoryDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { createBlobs, type Blobs } from "./blobs.ts";
import { createCatalog, type Catalog } from "./catalog.ts";
import { createManifests, type Manifests } from "./manifests.ts";
import { createPulls, type Pulls } from "./pulls.ts";
import { createReferrers, type Referrers } from "./referrers.ts";
import { createRepositories, type Repositories } from "./repositories.ts";
import { createTags, type Tags } from "./tags.ts";
import { createUploads, type Uploads } from "./uploads.ts";

export interface Oci {
  repositories: Repositories;
  blobs: Blobs;
  uploads: Uploads;
  tags: Tags;
  manifests: Manifests;
  referrers: Referrers;
  catalog: Catalog;
  pulls: Pulls;
  // What Harbor's operations change, handed to them one by one.
  removeRepository: (repository: RepositoryDocument) => Promise<void>;
  removeArtifact: (repository: RepositoryDocument, digest: string) => Promise<void>;
  moveTag: (repository: RepositoryDocument, tag: string, digest: string) => Promise<void>;
  removeTag: (repository: RepositoryDocument, tag: string) => Promise<void>;
  /** Writes what is still in memory. The store must be open. */
  close: () => Promise<void>;
}

interface Deps {
  collections: Collections;
  blobs: BlobStore;
  locks: Locks;
  sequence: Sequence;
  events: Events;
  now: () => Date;
}

/** The distribution spec's rules, joined. */
export function createOci(deps: Deps): Oci {
  const { collections, blobs: store, events, now } = deps;
  const repositories = createRepositories(deps);
  const blobs = createBlobs({ ...deps, repositories });
  const tags = createTags({ ...deps, repositories });
  const manifests = createManifests({ ...deps, repositories, tags });
  const pulls = createPulls(collections, events, now);
  return {
    repositories,
    blobs,
    tags,
    uploads: createUploads({ store, blobs, now }),
    manifests,
    referrers: createReferrers(collections, repositories),
    catalog: createCatalog(collections),
    pulls,
    removeRepository: (repository) => repositories.remove(repository),
    removeArtifact: (repository, digest) => manifests.remove(repository, digest),
    moveTag: (repository, tag, digest) => tags.move(repository, tag, digest),
    removeTag: (repository, tag) => tags.remove(repository, tag),
    close: () => pulls.flush(),
  };
}
