import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../contract/fault.ts";
import { isMissing, makeFolder, replaceContents, syncFolder } from "./disk.ts";
import { type Layout, layoutOf } from "./layout.ts";

/** Brings the data of the version before to `to`. May be stopped at any point, and then runs again from its start. */
export interface Migration {
  to: number;
  run(layout: Layout): Promise<void>;
}

/** In order, without gaps; the first one brings version 1 to 2. */
const all: readonly Migration[] = [];

interface Options {
  now?: () => Date;
  migrations?: readonly Migration[];
}

/**
 * Brings the data folder to this program's version, before anything is opened in it.
 *
 * Documents are copied first. Throws `PRECONDITION` for a folder that a newer Berth has written.
 */
export async function migrate(
  dataDir: string,
  { now = () => new Date(), migrations = all }: Options = {},
): Promise<void> {
  const layout = layoutOf(dataDir);
  const current = 1 + migrations.length;
  const version = await versionOf(layout, current);
  if (version > current) {
    const sentence = `${dataDir} was written by a newer Berth (data version ${version}, this one reads ${current})`;
    throw new Fault("PRECONDITION", `${sentence}: install that one again, or choose another folder`);
  }
  const due = migrations.filter(({ to }) => to > version);
  if (due.length > 0) await copyDocuments(layout, version, now());
  for (const { to, run } of due) {
    await run(layout);
    await keepVersion(layout, to);
  }
}

/** A folder without a version and without documents is new. */
async function versionOf(layout: Layout, current: number): Promise<number> {
  const text = await readFile(layout.version, "utf8").catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  const version = text === undefined ? undefined : readVersion(text);
  if (version !== undefined) return version;
  const fresh = (await namesIn(layout.documents)).length === 0;
  const found = fresh ? current : 1;
  await makeFolder(layout.root);
  await keepVersion(layout, found);
  return found;
}

function readVersion(text: string): number | undefined {
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === "number" && Number.isInteger(version) && version > 0 ? version : undefined;
  } catch {
    return undefined;
  }
}

const keepVersion = (layout: Layout, version: number): Promise<void> =>
  replaceContents(layout.version, `${JSON.stringify({ version })}\n`);

async function copyDocuments(layout: Layout, version: number, time: Date): Promise<void> {
  await makeFolder(layout.copies);
  const copy = join(layout.copies, `version-${version}-${time.toISOString().replaceAll(":", "-")}`);
  await cp(layout.documents, copy, { recursive: true, errorOnExist: true });
  await syncFolder(layout.copies);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
