import { Fault } from "../contract/fault.ts";
import { type Entry, shown } from "./tar-entries.ts";

/** Names of an archive as keys of a table. None ever becomes a path on disk. */
export interface Keys {
  /** The key of an entry, of which there is only one. Empty for the archive's own root. Throws `BAD_REQUEST`. */
  add(entry: Pick<Entry, "name" | "kind">): string;
}

const deepest = 16;
const longest = 1024;

/**
 * Takes names as far as every reader would take them for the same: not those that lead out of the archive, that come twice
 * or differ only in upper and lower case, or that lie below a file or a link.
 */
export function createKeys(): Keys {
  const files = new Set<string>();
  const folders = new Set<string>();

  return {
    add({ name, kind }) {
      const key = partsOf(name, name).join("/");
      if (key === "") {
        if (kind === "directory") return key;
        throw refused(name, "has no name");
      }
      const folded = key.normalize("NFC").toLowerCase();
      for (let slash = folded.indexOf("/"); slash > 0; slash = folded.indexOf("/", slash + 1)) {
        const folder = folded.slice(0, slash);
        if (files.has(folder)) throw refused(name, "lies in something that is no folder");
        folders.add(folder);
      }
      if (files.has(folded) || (kind !== "directory" && folders.has(folded)))
        throw refused(name, "is there twice");
      (kind === "directory" ? folders : files).add(folded);
      return key;
    },
  };
}

/** The key that a link leads to. Throws `BAD_REQUEST` for what lies outside. */
export function targetOf(key: string, { kind, target, name }: Entry): string {
  const from = kind === "symlink" ? key.split("/").slice(0, -1) : [];
  const parts = [...from];
  if (target.startsWith("/")) throw refused(name, "leads out of the archive");
  for (const part of partsOf(target, name, { up: true })) {
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw refused(name, "leads out of the archive");
  }
  return parts.join("/");
}

function partsOf(path: string, name: string, { up = false } = {}): string[] {
  if (path.length > longest || /[\u0000-\u001f\u007f\\]/.test(path) || /^[a-z]:/i.test(path))
    throw refused(name, "has a name that no image has");
  if (path.startsWith("/")) throw refused(name, "leads out of the archive");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!up && parts.includes("..")) throw refused(name, "leads out of the archive");
  if (parts.length > deepest) throw refused(name, "is nested too deep");
  return parts;
}

function refused(name: string, why: string): Fault {
  return new Fault("BAD_REQUEST", `${shown(name) || "an entry"} in the archive ${why}`);
}
