import { Fault } from "../contract/fault.ts";
import { Again } from "../jobs/job.ts";
import type { Place } from "../oci/blobs.ts";
import type { Oci } from "../oci/oci.ts";
import { toName } from "../oci/reference.ts";
import type { Blobs } from "../store/blobs.ts";
import type { ArtifactDocument, Collections, RepositoryDocument } from "../store/collections.ts";
import { listLocal } from "./local-list.ts";
import { createLocalUploads } from "./local-uploads.ts";
import type { Peer } from "./side.ts";

export interface LocalDeps {
  oci: Oci;
  collections: Collections;
  blobs: Blobs;
  /** Makes a project that is not there; its owner is the administrator. Throws `CONFLICT` when it is. */
  createProject(name: string, open: boolean): Promise<void>;
  /** Whether nothing may be written at the moment. */
  readOnly(): boolean;
}

/** What a manifest or a repository that is not there is said to be. */
const absent = ["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "NOT_FOUND"];

/** Repositories that are named as having a blob. */
const mostHolders = 10;

/** This registry as one end of a copy, by the same rules as `/v2/`: links, locks and events hold. */
export function createLocal(deps: LocalDeps): Peer {
  const { oci, collections, blobs } = deps;
  const { projects, artifacts, tags } = collections;

  function assertWritable(): void {
    if (deps.readOnly())
      throw new Again("this registry is read-only at the moment: an administrator has set it so");
  }

  async function placeOf(name: string): Promise<Place> {
    assertWritable();
    const project = await projects.find({ name: name.slice(0, Math.max(name.indexOf("/"), 0)) });
    if (!project) throw new Fault("NAME_UNKNOWN", `there is no project for ${name} in this registry`);
    if (project.registry_id !== undefined)
      throw new Fault(
        "DENIED",
        `project ${project.name} is a proxy of another registry, and takes nothing else`,
      );
    return { project, name };
  }

  async function find(name: string, reference: string): Promise<ArtifactDocument | undefined> {
    const repository = await oci.repositories.find(name);
    if (!repository) return undefined;
    const isDigest = reference.includes(":");
    const digest = isDigest ? reference : (await tags.get(`${repository.id}:${reference}`))?.digest;
    return digest === undefined ? undefined : artifacts.get(`${repository.id}@${digest}`);
  }

  /** Changes a repository that is there; what is not there any more has been changed already. */
  async function change(
    name: string,
    work: (repository: RepositoryDocument) => Promise<void>,
  ): Promise<void> {
    assertWritable();
    try {
      const repository = await oci.repositories.find(name);
      if (repository) await work(repository);
    } catch (error) {
      if (!(error instanceof Fault) || !absent.includes(error.code)) throw error;
    }
  }

  return {
    name: "this registry",
    near: true,

    async manifest(name, reference) {
      try {
        const { artifact, bytes } = await oci.manifests.find(name, reference);
        return { digest: artifact.digest, media_type: artifact.manifest_media_type, bytes };
      } catch (error) {
        if (error instanceof Fault && absent.includes(error.code)) return undefined;
        throw error;
      }
    },

    digestOf: async (name, reference) => (await find(name, reference))?.digest,

    async putManifest(name, reference, { media_type, bytes }) {
      await oci.manifests.put(await placeOf(name), { reference, tags: [], content_type: media_type, bytes });
    },

    async referrers(name, digest) {
      const repository = await oci.repositories.find(name);
      if (!repository) return [];
      const found = await artifacts.list({ where: { repository_id: repository.id, subject: digest } });
      return found.map((artifact) => ({
        media_type: artifact.manifest_media_type,
        digest: artifact.digest,
        size: artifact.manifest_size,
      }));
    },

    async tags(name) {
      const repository = await oci.repositories.find(name);
      const found = repository ? await tags.list({ where: { repository_id: repository.id } }) : [];
      return found.map((tag) => tag.name);
    },

    async hasBlob(name, { digest }) {
      try {
        return (await oci.blobs.size(name, digest)) >= 0;
      } catch (error) {
        if (error instanceof Fault && ["BLOB_UNKNOWN", ...absent].includes(error.code)) return false;
        throw error;
      }
    },

    async holders(digest) {
      const found = await collections.links.list({ where: { digest }, limit: mostHolders });
      const keys = found.map((link) => String(link.repository_id));
      const held = await Promise.all(keys.map((key) => collections.repositories.get(key)));
      return held.flatMap((repository) => (repository ? [repository.name] : []));
    },

    async blob(name, { digest }, from) {
      const size = await oci.blobs.size(name, digest);
      return blobs.read(digest, from === 0 ? undefined : { start: from, end: size - 1 });
    },

    ...createLocalUploads({ oci, placeOf }),

    list: (filters, signal) => listLocal(collections, filters, signal),

    async prepare(wanted) {
      assertWritable();
      for (const project of wanted) {
        if (await projects.find({ name: project.name })) continue;
        await deps.createProject(project.name, project.public).catch((error: unknown) => {
          if (!(error instanceof Fault) || error.code !== "CONFLICT") throw error;
        });
      }
    },

    assertName(repository) {
      toName(repository);
    },

    removeTag: (name, tag) => change(name, (repository) => oci.removeTag(repository, tag)),
    removeArtifact: (name, digest) => change(name, (repository) => oci.removeArtifact(repository, digest)),
    removeRepository: (name) => change(name, (repository) => oci.removeRepository(repository)),
  };
}
