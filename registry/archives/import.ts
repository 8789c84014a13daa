import type { Readable } from "node:stream";
import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Imported } from "../contract/archives.ts";
import type { Oci } from "../oci/oci.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";
import { roomIn } from "../store/disk.ts";
import { createKeep } from "./keep.ts";
import { limits } from "./limits.ts";
import { planOf, type Planned } from "./plan.ts";
import { rootsOf } from "./roots.ts";
import { stageEntries, type Stage } from "./staging.ts";
import { entriesOf } from "./tar-entries.ts";
import { createTrees } from "./trees.ts";
import { unpacked } from "./unpacked.ts";

export interface ImportDeps {
  collections: Pick<Collections, "artifacts" | "links" | "tags">;
  blobs: Pick<Blobs, "begin" | "size" | "readAll" | "write">;
  oci: Oci;
  authorize: Pick<Authorize, "repository">;
  /** Where what comes is kept. */
  dataDir: string;
  now: () => Date;
}

interface Wish {
  project: ProjectDocument;
  /** Where all of it is to go. */
  repository: string | undefined;
  body: Readable;
  caller: Caller;
}

export interface Done {
  answer: Imported;
  /** What changed, as the log names it. */
  changed: string[];
}

/** Bytes of the disk that an import leaves free. */
const reserve = 64 * 2 ** 20;

/**
 * Takes an archive in: read once from its beginning to its end, then understood, then kept. Until all of it is understood
 * nothing of it is in any repository, and what is wrong with it leaves nothing behind.
 */
export function createImport({ collections, blobs, oci, authorize, dataDir, now }: ImportDeps) {
  const { artifacts, links } = collections;
  const keep = createKeep({ collections, blobs, oci });

  async function held({ project_id }: ProjectDocument, digest: string): Promise<number | undefined> {
    const link = await links.find({ project_id, digest });
    return link && (await blobs.size(digest)) === link.size ? link.size : undefined;
  }

  async function manifestOf(
    { project_id }: ProjectDocument,
    stage: Stage,
    digest: string,
  ): Promise<Buffer | undefined> {
    const staged = stage.digest(digest);
    if (staged?.bytes) return staged.bytes;
    return (await artifacts.find({ project_id, digest })) && blobs.readAll(digest, limits.json);
  }

  return async function take({ project, repository, body, caller }: Wish): Promise<Done> {
    // Asked again at the end: an upload may take long enough for a role to be taken away.
    const assertMay = () =>
      authorize.repository(caller, "repository:push", `${project.name}/${repository ?? "archive"}`);
    await assertMay();
    const bytes = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    const stage = await stageEntries(entriesOf(unpacked(bytes)), {
      blobs,
      about: { repository_name: project.name, user: "archive", started: now().toISOString() },
      held: (digest) => held(project, digest),
      room: async () => (await roomIn(dataDir)).free - reserve,
    });
    try {
      const trees = createTrees({
        manifest: (digest) => manifestOf(project, stage, digest),
        size: async (digest) => stage.digest(digest)?.size ?? (await held(project, digest)),
      });
      const planned = await planOf(rootsOf(stage), { project: project.name, repository, ...trees });
      await assertMay();
      const kept = await keep(project, planned, stage);
      return {
        answer: { artifacts: planned.flatMap((plan) => toldOf(project, plan)), bytes: kept.bytes },
        changed: kept.changed,
      };
    } finally {
      await stage.cancel();
    }
  };
}

function toldOf(project: ProjectDocument, plan: Planned): Imported["artifacts"] {
  return [...plan.listed].map(([digest, left_out]) => ({
    repository: `${project.name}/${plan.repository}`,
    tags: [...plan.tags].flatMap(([tag, named]) => (named === digest ? tag : [])),
    digest,
    ...(left_out.length > 0 ? { left_out } : {}),
  }));
}
