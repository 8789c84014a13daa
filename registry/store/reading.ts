import { open } from "node:fs/promises";
import { type FileState, openLine, type Line } from "./lines.ts";
import { freeze } from "./plain.ts";

export interface Reading<D> {
  documents: Map<string, D>;
  /** Keys of what was there and was removed. */
  removed: Set<string>;
  /** Up to the last whole line. */
  state: FileState;
  /** Bytes behind the last whole line: what a write left that a crash cut short. */
  torn: number;
  /** Lines were added after the file was last written anew. */
  grown: boolean;
  /** In words, what is wrong with it besides a torn end. */
  damage?: string;
}

/** Read at a time, so that the event loop is held for a few milliseconds only. */
const chunkBytes = 256 * 1024;

/**
 * Reads a collection's file. A missing or broken line is told, never guessed: what has a right checksum is taken in the
 * order of its numbers.
 */
export async function readDocuments<D extends object>(
  path: string,
  keyOf: (document: D) => string,
): Promise<Reading<D>> {
  const documents = new Map<string, D>();
  const removed = new Set<string>();
  let apart: Line[] | undefined;
  let next = 0;
  let expected = 0;
  let broken = 0;
  let missing = 0;

  function apply({ entry }: Line): void {
    if (entry.kind === "head") expected = Math.max(expected, entry.documents);
    else if (entry.kind === "remove") {
      if (documents.delete(entry.key)) removed.add(entry.key);
    } else {
      const document = freeze(entry.document as D);
      documents.set(keyOf(document), document);
    }
  }

  const { whole, torn } = await eachLine(path, (bytes) => {
    const line = openLine(bytes);
    if (!line) broken++;
    else if (line.number === next && !apart) {
      next++;
      apply(line);
    } else (apart ??= []).push(line);
  });

  // From the first gap on, lines are put in order first. Two of one number are the same line.
  for (const line of apart?.sort((a, b) => a.number - b.number) ?? []) {
    if (line.number < next) continue;
    missing += line.number - next;
    next = line.number + 1;
    apply(line);
  }

  const cut = Math.max(0, expected + 1 - next);
  const damage = [
    ...(whole === 0 ? ["is empty"] : []),
    ...(broken > 0 ? [`has ${broken} damaged lines`] : []),
    ...(missing > broken ? [`lacks ${missing - broken} lines`] : []),
    ...(cut > 0 && whole > 0 ? [`lacks at least ${cut} lines at its end`] : []),
    ...(apart && broken + missing === 0 ? ["has lines out of place"] : []),
  ].join(" and ");
  return {
    documents,
    removed,
    state: { bytes: whole, lines: next },
    torn,
    grown: next > expected + 1,
    ...(damage === "" ? {} : { damage }),
  };
}

/** Calls back with every line, without its newline; tells how many bytes they are, and how many are behind the last. */
async function eachLine(
  path: string,
  take: (line: Buffer) => void,
): Promise<{ whole: number; torn: number }> {
  const file = await open(path, "r");
  let whole = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(chunkBytes), 0, chunkBytes);
      if (bytesRead === 0) return { whole, torn: restBytes };
      const chunk = buffer.subarray(0, bytesRead);
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        const last = chunk.subarray(from, end);
        const line = rest.length > 0 ? Buffer.concat([...rest, last]) : last;
        take(line);
        whole += line.length + 1;
        [rest, restBytes, from] = [[], 0, end + 1];
      }
      if (from < chunk.length) {
        rest.push(chunk.subarray(from));
        restBytes += chunk.length - from;
      }
    }
  } finally {
    await file.close();
  }
}
