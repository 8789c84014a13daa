import type { Readable } from "node:stream";
import { z } from "zod";
import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { ArchivePlace, Imported } from "../contract/archives.ts";
import { Fault } from "../contract/fault.ts";
import { operation } from "../contract/operation.ts";
import type { Permission } from "../contract/permission.ts";
import { nothing } from "../contract/reply.ts";
import type { Recorder } from "../notify/recorder.ts";
import { isName } from "../oci/reference.ts";
import type { ProjectDocument } from "../store/collections.ts";
import { createExport, type ExportDeps, type Outgoing } from "./export.ts";
import { createImport, type ImportDeps } from "./import.ts";

/** Projects and repositories as files, for places with no network between them. */
export interface Archives {
  /** What is to be exported, as it is now. Throws `UNAUTHORIZED`, `FORBIDDEN`, `NOT_FOUND`, `CONFLICT`. */
  plan(place: ArchivePlace, caller: Caller): Promise<Outgoing>;
  /** The same, and written into the log: who asks for it will read it. */
  export(place: ArchivePlace, caller: Caller): Promise<Outgoing>;
  /**
   * Takes a tar, packed with gzip or not, that Berth exported, that has OCI's layout, or that docker saved.
   *
   * Throws `UNAUTHORIZED`, `FORBIDDEN`, `NOT_FOUND`, `DENIED` while the registry is read-only, and in words what is wrong with
   * the archive; then nothing of it is kept. What the body throws is thrown on.
   */
  import(place: ArchivePlace, body: Readable, caller: Caller): Promise<Imported>;
}

interface Deps extends ExportDeps, ImportDeps {
  collections: ExportDeps["collections"] & ImportDeps["collections"];
  blobs: ExportDeps["blobs"] & ImportDeps["blobs"];
  authorize: Pick<Authorize, "operation" | "project" | "repository">;
  recorder: Pick<Recorder, "operation" | "done">;
}

const Place = z.object({
  project_name_or_id: z.union([z.string(), z.number()]),
  repository_name: z.string().optional(),
});

export function createArchives(deps: Deps): Archives {
  const { authorize, recorder } = deps;
  const plan = createExport(deps);
  const take = createImport(deps);

  async function locate(
    { project: project_name_or_id, repository }: ArchivePlace,
    permission: Permission,
    caller: Caller,
  ): Promise<ProjectDocument> {
    await authorize.operation(caller, permission, { project_name_or_id });
    const project = await authorize.project(caller, permission, project_name_or_id);
    if (!project) throw new Fault("NOT_FOUND", `there is no project ${String(project_name_or_id)}`);
    if (repository === undefined || isName(`${project.name}/${repository}`)) return project;
    throw new Fault(
      "NAME_INVALID",
      "a repository is named without its project, in lower-case letters and digits",
    );
  }

  /** Recorded as an operation would be, also when it is refused. */
  function recorded<T>(
    verb: "export" | "import",
    { project, repository }: ArchivePlace,
    caller: Caller,
    run: () => Promise<T>,
  ): Promise<T> {
    const kind = repository === undefined ? "project" : "repository";
    const declared = operation({
      access: "anyone",
      says: `Moves a ${kind} as an archive.`,
      input: Place,
      returns: nothing,
      records: [verb, kind],
    });
    const input = { project_name_or_id: project, repository_name: repository };
    return recorder.operation({ name: `archives.${verb}`, operation: declared, input, caller }, run);
  }

  async function planFor(place: ArchivePlace, caller: Caller): Promise<Outgoing> {
    return plan(await locate(place, "repository:pull", caller), place.repository);
  }

  return {
    plan: planFor,

    export: (place, caller) => recorded("export", place, caller, () => planFor(place, caller)),

    import: (place, body, caller) =>
      recorded("import", place, caller, async () => {
        const project = await locate(place, "repository:push", caller);
        const { answer, changed } = await take({ project, repository: place.repository, body, caller });
        const { project_id } = project;
        for (const resource of changed)
          recorder.done(caller, { operation: "push", resource_type: "artifact", resource, project_id });
        return answer;
      }),
  };
}
