import { Fault } from "../contract/fault.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Collections, ProjectDocument, RepositoryDocument } from "../store/collections.ts";
import { limits } from "./limits.ts";
import { createListing, type Listing } from "./listing.ts";
import { endOfTar, headerFor, paddingOf } from "./tar.ts";

/** An archive on its way out. */
export interface Outgoing {
  /** For a file: `library.tar`. */
  name: string;
  /** Bytes, headers and all. */
  size: number;
  /** Hands over all of it, a piece at a time; a piece is `take`'s own until the promise it returned settles. */
  pour(take: (bytes: Buffer) => Promise<void>): Promise<void>;
}

export interface ExportDeps {
  collections: Pick<Collections, "repositories" | "artifacts" | "tags">;
  blobs: Pick<Blobs, "size" | "readAll" | "pour">;
}

interface File {
  name: string;
  size: number;
  /** What is written; absent for a blob, which is poured. */
  bytes?: Buffer;
  digest?: string;
}

/** Bytes; small files go out together with their headers, for a piece each would be slow. */
const gathered = 256 * 1024;

/**
 * Repositories as a tar of an OCI layout: every artifact with all that it names and all that refers to it, each blob once.
 * The same content makes the same bytes, and how many is known before the first.
 *
 * Throws `NOT_FOUND`, `CONFLICT` for a blob that is missing, and `REQUEST_ENTITY_TOO_LARGE` for more than an import takes.
 */
export function createExport({ collections, blobs }: ExportDeps) {
  const { repositories } = collections;
  const list = createListing({ collections, blobs });

  async function chosen(project: ProjectDocument, repository?: string): Promise<RepositoryDocument[]> {
    if (repository === undefined) {
      return repositories.list({ where: { project_id: project.project_id }, sort: ["name"] });
    }
    const found = await repositories.find({ name: `${project.name}/${repository}` });
    if (found) return [found];
    throw new Fault("NOT_FOUND", `there is no repository ${project.name}/${repository}`);
  }

  return async function plan(project: ProjectDocument, repository?: string): Promise<Outgoing> {
    const listing = await list(project, await chosen(project, repository));
    const files = filesOf(listing);
    assertSmall(files, listing, project.name);
    const headers = files.map(({ name, size }) => headerFor(name, size));
    let size = endOfTar.length;
    for (const [at, file] of files.entries())
      size += (headers[at]?.length ?? 0) + file.size + paddingOf(file.size);
    return {
      name: `${[project.name, ...(repository?.split("/") ?? [])].join("-")}.tar`,
      size,

      async pour(take) {
        let waiting: Buffer[] = [];
        let length = 0;
        const flush = async (): Promise<void> => {
          const together = Buffer.concat(waiting, length);
          [waiting, length] = [[], 0];
          if (together.length > 0) await take(together);
        };
        const add = async (bytes: Buffer): Promise<void> => {
          waiting.push(bytes);
          length += bytes.length;
          if (length >= gathered) await flush();
        };
        for (const [at, file] of files.entries()) {
          await add(headers[at] ?? Buffer.alloc(0));
          if (file.bytes) await add(file.bytes);
          else if (file.size > 0) await pourBlob(file, add, flush, take);
          await add(Buffer.alloc(paddingOf(file.size)));
        }
        await add(endOfTar);
        await flush();
      },
    };
  };

  async function pourBlob(
    { digest = "", size }: File,
    add: (bytes: Buffer) => Promise<void>,
    flush: () => Promise<void>,
    take: (bytes: Buffer) => Promise<void>,
  ): Promise<void> {
    if (size <= gathered / 4) return add(await blobs.readAll(digest, size));
    await flush();
    await blobs.pour(digest, undefined, take);
  }
}

function filesOf({ index, saved, blobs }: Listing): File[] {
  const text = (name: string, value: object): File => {
    const bytes = Buffer.from(JSON.stringify(value));
    return { name, size: bytes.length, bytes };
  };
  const named = [...blobs].map(([digest, size]) => ({
    name: `blobs/${digest.replace(":", "/")}`,
    size,
    digest,
  }));
  return [
    text("oci-layout", { imageLayoutVersion: "1.0.0" }),
    text("index.json", index),
    ...(saved.length > 0 ? [text("manifest.json", saved)] : []),
    ...named.sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

/** What is too much for an import is too much for an export. */
function assertSmall(files: readonly File[], { manifests }: Listing, project: string): void {
  const text = Math.max(...files.map(({ bytes }) => bytes?.length ?? 0));
  if (files.length <= limits.entries && text <= limits.json && manifests + 2 * text <= limits.manifests)
    return;
  throw new Fault(
    "REQUEST_ENTITY_TOO_LARGE",
    `${project} has more artifacts than one archive holds: export its repositories one by one`,
  );
}
