import { Fault } from "../contract/fault.ts";
import type { Place } from "../oci/blobs.ts";
import type { Oci } from "../oci/oci.ts";
import type { Blobs, Upload } from "../store/blobs.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";
import type { Planned } from "./plan.ts";
import { sideBySide } from "./side-by-side.ts";
import type { Stage, Staged } from "./staging.ts";
import type { Tree } from "./trees.ts";

interface Deps {
  collections: Pick<Collections, "artifacts" | "links" | "tags">;
  blobs: Pick<Blobs, "size" | "write">;
  oci: Oci;
}

export interface Kept {
  /** Bytes that were not in the project before. */
  bytes: number;
  /** What changed, as the log names it: `library/app:1.0`. */
  changed: string[];
}

const lanes = 8;

/**
 * Keeps what was planned, by the rules that a push goes by: blobs, then manifests, what an index names before the index,
 * and the tags of all when everything is there. What a repository has already is left alone.
 *
 * Throws `CONFLICT` when the project lost meanwhile what the archive relied on, and what those rules throw.
 */
export function createKeep({ collections: { artifacts, links, tags }, blobs, oci }: Deps) {
  async function hasBlob(name: string, digest: string): Promise<boolean> {
    const repository = await oci.repositories.find(name);
    const link = repository && (await links.get(`${repository.id}@${digest}`));
    return link !== undefined && (await blobs.size(digest)) === link.size;
  }

  /** A small file that waited in memory, as if it had waited on disk. */
  function uploadOf({ bytes, digest, size }: Staged): Upload | undefined {
    if (!bytes) return undefined;
    const about = { repository_name: "", user: "", started: "" };
    const none = (): Promise<void> => Promise.resolve();
    return {
      id: digest,
      about,
      size,
      active: "",
      append: none,
      cancel: none,
      commit: (as) => blobs.write(as, bytes),
    };
  }

  return async function keep(
    project: ProjectDocument,
    planned: readonly Planned[],
    stage: Stage,
  ): Promise<Kept> {
    const kept: Kept = { bytes: 0, changed: [] };
    const placeOf = ({ repository }: Planned): Place => ({ project, name: `${project.name}/${repository}` });

    async function keepBlob(digest: string, place: Place): Promise<void> {
      if (await hasBlob(place.name, digest)) return;
      const staged = stage.digest(digest);
      const upload = staged && (staged.upload ?? uploadOf(staged));
      if (staged && upload) {
        await oci.blobs.keep(upload, digest, place);
        kept.bytes += staged.size;
        delete staged.upload;
        delete staged.bytes;
        return;
      }
      // Kept for another repository a moment ago, or there before: roles are held in a project, so it may be taken over.
      const mounted = await oci.blobs.mount(digest, place, undefined, () => Promise.resolve(false));
      if (!mounted)
        throw new Fault("CONFLICT", `${project.name} was changed meanwhile: import the archive again`);
    }

    async function keepManifest({ digest, bytes, manifest }: Tree, place: Place): Promise<boolean> {
      const repository = await oci.repositories.find(place.name);
      if (repository && (await artifacts.get(`${repository.id}@${digest}`))) return false;
      const content_type = manifest.media_type;
      await oci.manifests.put(place, { reference: digest, tags: [], content_type, bytes });
      kept.bytes += bytes.length;
      return true;
    }

    async function moveTags(plan: Planned, fresh: ReadonlySet<string>): Promise<void> {
      const repository = await oci.repositories.locate(placeOf(plan).name);
      const moved = new Set<string>();
      for (const [tag, digest] of plan.tags) {
        if ((await tags.get(`${repository.id}:${tag}`))?.digest === digest) continue;
        await oci.moveTag(repository, tag, digest);
        moved.add(digest);
        kept.changed.push(`${repository.name}:${tag}`);
      }
      for (const digest of plan.listed.keys()) {
        if (fresh.has(digest) && !moved.has(digest)) kept.changed.push(`${repository.name}@${digest}`);
      }
    }

    // Most of the time is spent waiting for the disk. One blob goes to its repositories one after the other.
    const fresh = new Map<Planned, Set<string>>();
    await sideBySide(homesOf(planned), lanes, async ([digest, plans]) => {
      for (const plan of plans) await keepBlob(digest, placeOf(plan));
    });
    await sideBySide(planned, lanes, async (plan) => {
      const made = new Set<string>();
      fresh.set(plan, made);
      for (const tree of plan.trees.values())
        if (await keepManifest(tree, placeOf(plan))) made.add(tree.digest);
    });
    await sideBySide(planned, lanes, (plan) => moveTags(plan, fresh.get(plan) ?? new Set()));
    kept.changed.sort();
    return kept;
  };
}

/** The repositories of each blob. */
function homesOf(planned: readonly Planned[]): Map<string, Set<Planned>> {
  const homes = new Map<string, Set<Planned>>();
  for (const plan of planned) {
    for (const { blobs } of plan.trees.values()) {
      for (const { digest } of blobs) homes.set(digest, (homes.get(digest) ?? new Set()).add(plan));
    }
  }
  return homes;
}
