import { z } from "zod";
import { apiPrefix } from "./path.ts";

/** What an import came to. */
export const Imported = z.object({
  artifacts: z.array(
    z.object({
      /** With its project. */
      repository: z.string(),
      tags: z.array(z.string()),
      digest: z.string(),
      /** Platforms that the archive names without having them: the tag's index, or image, is without them too. */
      left_out: z.array(z.string()).optional(),
    }),
  ),
  /** Bytes that were not in the project before. */
  bytes: z.number(),
});
export type Imported = z.output<typeof Imported>;

/** What is exported, or imported into. */
export const ArchivePlace = z.object({
  /** By number, or by name. */
  project: z.union([z.number().int(), z.string().min(1).max(255)]),
  /** Without its project; absent for all of the project. */
  repository: z.string().min(1).max(255).optional(),
});
export type ArchivePlace = z.output<typeof ArchivePlace>;

/**
 * Archives are streams and no operations: `GET` answers a tar in OCI's layout, `HEAD` its length, and `POST` takes one, or one
 * that docker saved, and answers `Imported`.
 */
export function archivePath({ project, repository }: ArchivePlace): string {
  const query = repository === undefined ? "" : `?repository=${encodeURIComponent(repository)}`;
  return `${apiPrefix}/projects/${encodeURIComponent(String(project))}/archive${query}`;
}
