import { createHash, randomUUID } from "node:crypto";
import { link, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { Fault } from "../contract/fault.ts";
import { codeOf, fileMode, isMissing, makeFolder } from "./disk.ts";
import { layoutOf } from "./layout.ts";
import { hostOf, type ProcessMark, runsStill, startOf } from "./processes.ts";

export interface Owner {
  /** Gives the folder back. */
  release(): Promise<void>;
}

/** How often the owner says that it lives, for those who cannot see its process, and when they stop believing it. In ms. */
const beat = 10_000;
const silence = 35_000;

/**
 * Makes this process the only one that uses the data folder, until released or dead, however it died.
 *
 * Throws `CONFLICT`, naming folder and process, while another one runs on it.
 */
export async function ownFolder(dataDir: string): Promise<Owner> {
  const path = layoutOf(dataDir).owner;
  await makeFolder(dataDir);
  const mark: ProcessMark = {
    pid: process.pid,
    start: await startOf(process.pid),
    host: await hostOf(),
    made: Date.now(),
  };
  const text = JSON.stringify({ ...mark, lock: randomUUID() });
  const mine = `${path}.${process.pid}-${randomUUID()}`;
  await writeFile(mine, text, { mode: fileMode, flag: "wx" });
  try {
    // A link appears whole or not at all, and only if the name is free.
    while (!(await linkTo(mine, path))) await removeIfDead(path, mine, dataDir);
  } finally {
    await rm(mine, { force: true });
  }

  const alive = setInterval(() => {
    const time = new Date();
    void utimes(path, time, time).catch(() => undefined);
  }, beat);
  alive.unref();

  return {
    async release() {
      clearInterval(alive);
      if ((await readIfThere(path)) === text) await rm(path, { force: true });
    },
  };
}

async function linkTo(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EINVAL"].includes(codeOf(error))) throw error;
  }
  // A file system without links, as on a memory stick.
  try {
    await writeFile(to, await readFile(from), { mode: fileMode, flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Takes a dead process's mark away; throws if the process lives.
 *
 * Only who holds the claim on that very mark may remove it, so that nobody takes away what another has put there since.
 * A claim is a mark like any other, and the claim of a process that died with it is taken away in the same manner.
 */
async function removeIfDead(path: string, mine: string, dataDir: string): Promise<void> {
  const seen = await readIfThere(path);
  if (seen === undefined) return;
  const other = markOf(seen);
  if (other && (await lives(other, path))) {
    const where = other.host === (await hostOf()) ? "" : ` on ${other.host}`;
    const who = `process ${other.pid}${where}`;
    throw new Fault(
      "CONFLICT",
      `${dataDir} is in use by another Berth (${who}): stop it first, or choose another folder`,
    );
  }
  const claim = `${path}.${createHash("sha256").update(seen).digest("hex").slice(0, 16)}`;
  if (!(await linkTo(mine, claim))) return removeIfDead(claim, mine, dataDir);
  if ((await readIfThere(path)) === seen) await rm(path, { force: true });
  await rm(claim, { force: true });
}

async function lives(other: ProcessMark, path: string): Promise<boolean> {
  if (other.host === (await hostOf())) return runsStill(other);
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Math.abs(Date.now() - mtimeMs) < silence;
}

/** Half a mark is one of a process that died while writing it. */
function markOf(text: string): ProcessMark | undefined {
  try {
    const mark = JSON.parse(text) as Partial<ProcessMark> | null;
    if (typeof mark?.pid !== "number" || mark.pid <= 0 || typeof mark.host !== "string") return undefined;
    return { pid: mark.pid, start: mark.start ?? "", host: mark.host, made: mark.made ?? 0 };
  } catch {
    return undefined;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
