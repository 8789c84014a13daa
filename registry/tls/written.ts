import { mkdir, readFile, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { ClientId } from "../contract/clients.ts";
import { codeOf, makeFolder, replaceContents, replaceFile } from "../store/disk.ts";

const Written = z.object({
  files: z.array(z.object({ client: ClientId, path: z.string(), content: z.string() })),
  /** Those that were not there before, the outer before the inner. */
  folders: z.array(z.string()),
});
export type Written = z.output<typeof Written>;
type WrittenFile = Written["files"][number];

/**
 * The files that Berth wrote outside its data folder, so that exactly those can be taken back.
 *
 * What is about to be written is put down first: a crash leaves a line too much, never a file that nobody knows of.
 */
export function createWritten(path: string) {
  async function read(): Promise<Written> {
    try {
      return Written.parse(JSON.parse(await readFile(path, "utf8")));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      return { files: [], folders: [] };
    }
  }

  async function keep(written: Written): Promise<void> {
    if (written.files.length === 0 && written.folders.length === 0) return rm(path, { force: true });
    await makeFolder(dirname(path));
    await replaceContents(path, JSON.stringify(written, undefined, 2));
  }

  return {
    read,

    /** Writes a file and says so. One that is there is replaced only if it still is what Berth wrote. Throws what the disk says. */
    async put(file: WrittenFile): Promise<void> {
      const written = await read();
      const before = written.files.find((one) => one.path === file.path);
      const others = written.files.filter((one) => one !== before);
      const found = await contentOf(file.path);
      if (found !== undefined && found !== before?.content)
        throw new Error("a file of somebody else is there");
      const folders = [...written.folders, ...(await missingFolders(dirname(file.path)))];
      await keep({ files: [...others, file], folders: [...new Set(folders)] });
      try {
        await place(file, found !== undefined);
      } catch (error) {
        await keep({ files: written.files, folders: [...new Set(folders)] });
        throw error;
      }
    },

    /** Takes back these files, and folders that are empty then. Answers which were changed since, and so left where they are. */
    async takeBack(wish: (file: WrittenFile) => boolean): Promise<string[]> {
      const written = await read();
      const left: string[] = [];
      const leaving = written.files.filter(wish);
      for (const { path: file, content } of leaving) {
        const found = await contentOf(file);
        if (found === content) await unlink(file);
        else if (found !== undefined) left.push(file);
      }
      const folders: string[] = [];
      for (const folder of [...written.folders].reverse()) {
        const kept = await rmdir(folder).then(
          () => false,
          (error: unknown) => !["ENOENT", "ENOTDIR"].includes(codeOf(error)),
        );
        if (kept) folders.unshift(folder);
      }
      const files = written.files.filter((file) => !leaving.includes(file));
      await keep({ files, folders: files.length === 0 ? [] : folders });
      return left;
    },
  };
}

/** Writes it whole, and through no link: a new one where nothing is, or another in the place of the old one. */
async function place({ path, content }: WrittenFile, isThere: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const to = isThere ? `${path}~` : path;
  await writeFile(to, content, { flag: "wx", mode: 0o644 });
  if (isThere) await replaceFile(to, path);
}

/** What a file holds; nothing when it is not there. */
export async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined;
    throw error;
  }
}

async function missingFolders(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = folder; !(await isThere(at)); at = dirname(at)) missing.unshift(at);
  return missing;
}

async function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    (error: unknown) => codeOf(error) !== "ENOENT",
  );
}
