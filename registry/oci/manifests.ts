import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { Events } from "../events.ts";
import type { Blobs as BlobStore } from "../store/blobs.ts";
import type { ArtifactDocument, Collections, RepositoryDocument, TagDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { toArtifact } from "./artifact.ts";
import type { Place } from "./blobs.ts";
import { createContents, type Sparse } from "./contents.ts";
import { largestManifest, parseManifest } from "./media.ts";
import { algorithmOf, isTag, toDigest, toTag } from "./reference.ts";
import type { Repositories } from "./repositories.ts";
import type { Tags } from "./tags.ts";

export interface Manifests {
  /** By tag or digest. Throws `NAME_UNKNOWN`, `MANIFEST_UNKNOWN`, `DIGEST_INVALID`. */
  find(repository_name: string, reference: string): Promise<FoundManifest>;
  /** Throws `MANIFEST_INVALID`, `MANIFEST_BLOB_UNKNOWN`, `DIGEST_INVALID`, `TAG_INVALID`. */
  put(place: Place, pushed: PushedManifest, sparse?: Sparse): Promise<KeptManifest>;
  /** Removes an artifact with its tags. Throws `MANIFEST_UNKNOWN`, and `PRECONDITION` for a child of an index. */
  remove(repository: RepositoryDocument, digest: string): Promise<void>;
}

export interface FoundManifest {
  artifact: ArtifactDocument;
  /** The tag it was asked by. */
  tag: TagDocument | undefined;
  bytes: Buffer;
}

export interface PushedManifest {
  /** A tag or a digest. */
  reference: string;
  /** Further tags to give it. */
  tags: readonly string[];
  content_type: string | undefined;
  bytes: Buffer;
}

export interface KeptManifest {
  digest: string;
  subject: string | undefined;
}

interface Deps {
  collections: Collections;
  blobs: BlobStore;
  repositories: Repositories;
  tags: Tags;
  locks: Locks;
  sequence: Sequence;
  events: Events;
  now: () => Date;
}

/** Bytes of manifests kept in memory: what is asked for most is small and asked for again. */
const remembered = 32 * 2 ** 20;

/**
 * Manifests and the artifacts they make. Written leaves first: bytes, record, tags, so that stopping between any two
 * leaves only what garbage collection removes; taken away in the other order.
 */
export function createManifests({
  collections,
  blobs,
  repositories,
  tags,
  locks,
  sequence,
  events,
  now,
}: Deps): Manifests {
  const { artifacts, tags: named, pulls } = collections;
  const contents = createContents(collections, blobs);
  const recent = new LRUCache<string, Buffer>({
    maxSize: remembered,
    sizeCalculation: (bytes) => bytes.length + 1,
  });

  async function bytesOf(digest: string): Promise<Buffer> {
    const known = recent.get(digest);
    if (known) return known;
    const bytes = await blobs.readAll(digest, largestManifest);
    recent.set(digest, bytes);
    return bytes;
  }

  const about = ({ project_id, name }: RepositoryDocument, digest: string) => ({
    project_id,
    project_name: name.slice(0, name.indexOf("/")),
    repository_name: name,
    digest,
  });

  return {
    async find(repository_name, reference) {
      const repository = await repositories.locate(repository_name);
      const tag = isByDigest(reference) ? undefined : await named.get(`${repository.id}:${reference}`);
      const digest = isByDigest(reference) ? toDigest(reference) : tag?.digest;
      const artifact = digest === undefined ? undefined : await artifacts.get(`${repository.id}@${digest}`);
      if (!artifact) throw unknown(reference, repository_name);
      return { artifact, tag, bytes: await bytesOf(artifact.digest) };
    },

    async put(place, { reference, tags: further, content_type, bytes }, sparse) {
      const wanted = [...new Set([...(isByDigest(reference) ? [] : [reference]), ...further])].map(toTag);
      const digest = digestOf(bytes, reference);
      const manifest = parseManifest(bytes, content_type);
      // A refused manifest makes no repository.
      if (!(await repositories.find(place.name)))
        await contents.locate(place.name, undefined, manifest, sparse);
      const repository = await locks.lock(`blob:${digest}`, () =>
        repositories.write(place.project, place.name, async (into) => {
          const found = await contents.locate(into.name, into, manifest, sparse);
          await blobs.write(digest, bytes);
          if (!(await artifacts.get(`${into.id}@${digest}`))) {
            const [id, push_time] = [await sequence.next("artifacts"), now().toISOString()];
            const facts = { id, repository: into, digest, manifest, manifest_size: bytes.length, push_time };
            await artifacts.insert(toArtifact({ ...facts, ...found }));
          }
          for (const tag of wanted) await tags.set(into, tag, digest);
          return into;
        }),
      );
      const named = wanted.length > 0 ? wanted.map((tag) => ({ tag })) : [{}];
      for (const name of named)
        events.emit({ name: "artifact.pushed", ...about(repository, digest), ...name });
      return { digest, subject: manifest.subject };
    },

    async remove(repository, digest) {
      const key = `${repository.id}@${digest}`;
      const tags = await repositories.change(repository, async () => {
        const artifact = await artifacts.get(key);
        if (!artifact) throw unknown(digest, repository.name);
        await assertNoParent(repository, digest);
        const gone = await named.list({ where: { repository_id: repository.id, digest } });
        for (const tag of gone) await named.remove(`${repository.id}:${tag.name}`);
        await artifacts.remove(key);
        await pulls.removeAll({
          what: { in: [`artifact:${artifact.id}`, ...gone.map(({ id }) => `tag:${id}`)] },
        });
        return gone.map((tag) => tag.name);
      });
      events.emit({ name: "artifact.removed", ...about(repository, digest), tags });
    },
  };

  /** A manifest that an index names stays while the index does, or a pull of the index would fail half way. */
  async function assertNoParent(
    { id: repository_id, name }: RepositoryDocument,
    digest: string,
  ): Promise<void> {
    const media_type = ""; // Only an index has no configuration.
    const indexes = await artifacts.list({ where: { repository_id, media_type } });
    const parent = indexes.find(({ children }) => children.some((child) => child.digest === digest));
    if (parent)
      throw new Fault(
        "PRECONDITION",
        `${digest} is part of index ${parent.digest} in ${name}: delete that first`,
      );
  }
}

function isByDigest(reference: string): boolean {
  return reference.includes(":");
}

/** Of these bytes, by the algorithm of the digest they are pushed under. Throws `DIGEST_INVALID` if they have another. */
function digestOf(bytes: Buffer, reference: string): string {
  const algorithm = isByDigest(reference) ? algorithmOf(toDigest(reference)) : "sha256";
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  if (!isByDigest(reference) || digest === reference) return digest;
  throw new Fault("DIGEST_INVALID", `the manifest's digest is ${digest}, not ${reference}`);
}

function unknown(reference: string, name: string): Fault {
  const tag = isTag(reference) ? `tag ${reference}` : "tag of such a name";
  return new Fault(
    "MANIFEST_UNKNOWN",
    `there is no ${isByDigest(reference) ? `manifest ${reference}` : tag} in ${name}`,
  );
}
