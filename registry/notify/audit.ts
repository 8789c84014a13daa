import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { LogLine } from "../config.ts";
import type { audit as operations, AuditEntry } from "../contract/audit.ts";
import { contract, operationsOf } from "../contract/index.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Page } from "../contract/reply.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";
import type { Where } from "../store/documents.ts";
import { type Asked, filterOf } from "./audit-filter.ts";
import type { Deed } from "./audit-lines.ts";
import { openAuditLog } from "./audit-log.ts";

export interface Audit extends Handlers<typeof operations, Caller> {
  /** Takes an entry, and never waits nor throws. */
  record(deed: Deed): void;
  /** Removes what is older than that many days, and says whether there was any; 0 keeps all. */
  purge(days: number): Promise<boolean>;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

export interface AuditDeps {
  folder: string;
  collections: Pick<Collections, "projects">;
  authorize: Pick<Authorize, "holds" | "operation" | "project">;
  visible(caller: Caller): Promise<Where<ProjectDocument>[]>;
  /** Days that the log is kept; 0 keeps it for good. */
  retention: () => number;
  now: () => Date;
  log: (line: LogLine) => void;
}

const day = 24 * 60 * 60 * 1000;
/** Milliseconds after the start until the log is purged for the first time. */
const firstPurge = 60_000;
/** Rows of an exported table: some 15 MB. */
const largestTable = 100_000;

/** What no operation of the contract does: docker's, archives', and those at the door. */
const furtherKinds = [
  ["push", "artifact"],
  ["pull", "artifact"],
  ["delete", "blob"],
  ["delete", "log"],
  ["export", "project"],
  ["export", "repository"],
  ["import", "project"],
  ["import", "repository"],
] as const;

/** The log of who did what, and who may read which part of it. Harbor API 17. */
export function createAudit({
  folder,
  collections,
  authorize,
  visible,
  retention,
  now,
  log,
}: AuditDeps): Audit {
  const entries = openAuditLog(folder, now, (message) => log({ level: "error", message }));

  async function purge(days: number): Promise<boolean> {
    if (days <= 0) return false;
    const before = new Date(now().getTime() - days * day).toISOString();
    const purged = await entries.purge(before);
    if (purged) {
      entries.record({
        username: "berth",
        operation: "delete",
        resource_type: "log",
        resource: "",
        operation_description: `entries from before ${before}`,
        from: "registry",
      });
    }
    return purged;
  }

  /** A registry in an application may never run for a day, so each start counts as well. */
  let timer = setTimeout(purgeDaily, firstPurge).unref();
  function purgeDaily(): void {
    timer = setTimeout(purgeDaily, day).unref();
    purge(retention()).catch((error: unknown) =>
      log({ level: "error", message: "the audit log cannot be purged", error: String(error) }),
    );
  }

  /** The projects whose log the caller may read; `undefined` for the whole log. */
  async function readable(caller: Caller): Promise<ReadonlySet<number> | undefined> {
    if (caller.user?.sysadmin_flag) return undefined;
    const sets = await Promise.all(
      (await visible(caller)).map((where) => collections.projects.list({ where })),
    );
    const held = new Set<number>();
    for (const project of sets.flat()) {
      if (await authorize.holds(caller, "log:list", project)) held.add(project.project_id);
    }
    return held;
  }

  /** The project alone, once the caller has been found to hold the right in it. */
  async function only(caller: Caller, which: string | number): Promise<ReadonlySet<number>> {
    const project = await authorize.project(caller, "log:list", which);
    return new Set(project ? [project.project_id] : []);
  }

  type Listed = Asked & { page: number; page_size: number };

  function pageOf({ page, page_size, ...asked }: Listed, projects: ReadonlySet<number> | undefined) {
    const part = { skip: (page - 1) * page_size, limit: page_size };
    return entries.page(filterOf(asked, projects), part);
  }

  async function list(input: Listed, caller: Caller): Promise<Page<AuditEntry>> {
    return pageOf(input, await readable(caller));
  }

  async function ofProject(
    { project_name_or_id, ...input }: Listed & { project_name_or_id: string | number },
    caller: Caller,
  ): Promise<Page<AuditEntry>> {
    return pageOf(input, await only(caller, project_name_or_id));
  }

  return {
    record: (deed) => entries.record(deed),
    purge,
    list,
    listLegacy: list,
    ofProject,
    ofProjectLegacy: ofProject,

    async export({ project_name_or_id: which, ...asked }, caller) {
      if (which === undefined) return entries.table(filterOf(asked, await readable(caller)), largestTable);
      await authorize.operation(caller, "log:list", { project_name_or_id: which });
      return entries.table(filterOf(asked, await only(caller, which)), largestTable);
    },

    events() {
      const declared = operationsOf(contract).flatMap(({ operation }) =>
        operation.records ? [operation.records] : [],
      );
      const kinds = [...declared, ...furtherKinds].map(([operation, kind]) => `${operation}_${kind}`);
      return Promise.resolve([...new Set(kinds)].sort().map((event_type) => ({ event_type })));
    },

    async close() {
      clearTimeout(timer);
      await entries.close();
    },
  };
}
