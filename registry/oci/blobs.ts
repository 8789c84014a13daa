import { Fault } from "../contract/fault.ts";
import type { Blobs as BlobStore, Upload } from "../store/blobs.ts";
import type { BlobLinkDocument, Collections, ProjectDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Repositories } from "./repositories.ts";

/** Where a blob is to be, or is looked for. */
export interface Place {
  project: ProjectDocument;
  /** Of the repository, with its project. */
  name: string;
}

export interface Blobs {
  /** Bytes. Throws `BLOB_UNKNOWN`, `NAME_UNKNOWN`. */
  size(name: string, digest: string): Promise<number>;
  /** Hands the blob of a digest that `size` has found to `take`, as the store does. */
  pour: BlobStore["pour"];
  /** Ends an upload as the blob of that digest in that repository. Throws `DIGEST_INVALID`. */
  keep(upload: Upload, digest: string, place: Place): Promise<void>;
  /**
   * Gives the repository a blob that another one has, and says whether it could.
   * `mayRead` decides whether the caller may read the other; without `from`, one is looked for.
   */
  mount(
    digest: string,
    place: Place,
    from: string | undefined,
    mayRead: (name: string) => Promise<boolean>,
  ): Promise<boolean>;
  /** Takes the blob from this repository alone. Throws `BLOB_UNKNOWN`, `NAME_UNKNOWN`. */
  remove(name: string, digest: string): Promise<void>;
}

interface Deps {
  collections: Collections;
  blobs: BlobStore;
  repositories: Repositories;
  locks: Locks;
}

/** Repositories that are asked for a blob when a mount names none. */
const mostAsked = 100;

/**
 * The blobs of repositories. Bytes are shared by all, but a repository has only those that it holds a link to, so what is
 * deleted from one is gone there though others keep it, and knowing a digest gives no right to its bytes.
 *
 * Whoever removes a file takes the lock `blob:<digest>` and looks for links first; whoever makes a link holds it too.
 */
export function createBlobs({
  collections: { links, repositories: named },
  blobs,
  repositories,
  locks,
}: Deps): Blobs {
  const bare = (digest: string): Fault =>
    new Fault("BLOB_UNKNOWN", `there is no blob ${digest} in this repository`);

  /** A file that was cut short counts as missing: the client that is told so pushes it again. */
  async function isWhole({ digest, size }: BlobLinkDocument): Promise<boolean> {
    return (await blobs.size(digest)) === size;
  }

  function link(digest: string, size: number, { project, name }: Place): Promise<void> {
    return repositories.write(project, name, ({ id: repository_id, project_id }) =>
      links.put({ repository_id, project_id, digest, size }),
    );
  }

  async function linkOf(name: string, digest: string): Promise<BlobLinkDocument | undefined> {
    const repository = await repositories.find(name);
    const found = repository && (await links.get(`${repository.id}@${digest}`));
    return found && (await isWhole(found)) ? found : undefined;
  }

  /** Roles are held in a project, so who pushes into it may read all of it; elsewhere the caller's token decides too. */
  async function discover(
    digest: string,
    project: ProjectDocument,
    mayRead: (name: string) => Promise<boolean>,
  ) {
    for (const where of [{ digest, project_id: project.project_id }, { digest }]) {
      for (const found of await links.list({ where, limit: mostAsked })) {
        const holder = await named.get(String(found.repository_id));
        const near = found.project_id === project.project_id;
        if (holder && (near || (await mayRead(holder.name))) && (await isWhole(found))) return found;
      }
    }
    return undefined;
  }

  return {
    async size(name, digest) {
      const repository = await repositories.locate(name);
      const found = await links.get(`${repository.id}@${digest}`);
      if (!found || !(await isWhole(found))) throw bare(digest);
      return found.size;
    },

    pour: (digest, range, take) => blobs.pour(digest, range, take),

    keep(upload, digest, place) {
      return locks.lock(`blob:${digest}`, async () => {
        const { size } = upload;
        await upload.commit(digest);
        await link(digest, size, place);
      });
    },

    async mount(digest, place, from, mayRead) {
      if (from !== undefined && !(await mayRead(from))) return false;
      return locks.lock(`blob:${digest}`, async () => {
        const found =
          from === undefined ? await discover(digest, place.project, mayRead) : await linkOf(from, digest);
        if (found) await link(digest, found.size, place);
        return found !== undefined;
      });
    },

    async remove(name, digest) {
      const repository = await repositories.locate(name);
      const removed = await repositories.change(repository, () => links.remove(`${repository.id}@${digest}`));
      if (!removed) throw bare(digest);
    },
  };
}
