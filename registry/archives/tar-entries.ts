import { Fault } from "../contract/fault.ts";
import { createBytes, type Bytes } from "./bytes.ts";
import { limits } from "./limits.ts";
import { block, noTar, paddingOf, parseExtended, parseHeader, type TarHeader } from "./tar.ts";

export interface Entry {
  /** As it is written; nothing has been made of it. */
  name: string;
  kind: "file" | "link" | "symlink" | "directory";
  /** Bytes. */
  size: number;
  /** What a link names. */
  target: string;
  /** The bytes, to be taken before the next entry is asked for; what is not taken is passed over. */
  body(): AsyncGenerator<Buffer>;
}

const kinds: Readonly<Record<string, Entry["kind"]>> = {
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
};

/** Bytes of an extended header, how many an entry has, and bytes after the end: beyond is somebody trying something. */
const most = { extended: 64 * 1024, extendedEach: 4, after: 16 * 2 ** 20 };

/** What headers before an entry say of it. */
interface Told {
  path?: string | undefined;
  linkpath?: string | undefined;
  size?: number | undefined;
}

/**
 * The entries of a tar as it comes in: POSIX, pax and GNU. Nothing is written anywhere, and no more than a piece is held.
 *
 * The reader is Berth's own because what comes is anybody's: every header has a limit, and what is ambiguous is refused.
 * Throws `BAD_REQUEST`, `REQUEST_ENTITY_TOO_LARGE`, and what the source throws.
 */
export async function* entriesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  const bytes = createBytes(source);
  try {
    yield* readEntries(bytes);
  } finally {
    await bytes.close();
  }
}

async function* readEntries(bytes: Bytes): AsyncGenerator<Entry> {
  let count = 0;
  for (let next = await nextOf(bytes); next; next = await nextOf(bytes)) {
    count += 1;
    if (count > limits.entries) {
      throw new Fault(
        "REQUEST_ENTITY_TOO_LARGE",
        `the archive has more than ${limits.entries} entries: split it, one repository each`,
      );
    }
    const kind = kinds[next.type];
    if (kind === undefined) {
      throw new Fault(
        "BAD_REQUEST",
        `${shown(next.name)} in the archive is a kind of file that no image has`,
      );
    }
    // A link's size is another file's: it has no bytes of its own.
    const size = kind === "file" ? next.size : 0;
    let left = size;
    yield {
      name: next.name,
      kind,
      size,
      target: next.linkname,
      async *body() {
        while (left > 0) {
          const piece = await bytes.some(left);
          left -= piece.length;
          yield piece;
        }
      },
    };
    await bytes.pass(left + paddingOf(size));
  }
}

/** A name for a message. */
export function shown(name: string): string {
  const printable = name.replace(/[\u0000-\u001f\u007f]/g, "?");
  return printable.length > 100 ? `${printable.slice(0, 100)}…` : printable;
}

/** The next entry's header with all that was said before it; `undefined` at the end. */
async function nextOf(bytes: Bytes): Promise<TarHeader | undefined> {
  const told: Told = {};
  for (let extended = 0; extended <= most.extendedEach; extended += 1) {
    const head = await bytes.exactly(block);
    const header = head && parseHeader(head);
    if (!header) {
      if (head) await assertOver(bytes);
      return undefined;
    }
    if (!"xgLK".includes(header.type)) {
      const { path = header.name, linkpath = header.linkname, size = header.size } = told;
      return { type: header.type, name: path, linkname: linkpath, size };
    }
    await takeExtended(bytes, header, told);
  }
  throw noTar();
}

async function takeExtended(bytes: Bytes, { type, size }: TarHeader, told: Told): Promise<void> {
  if (size > most.extended) throw new Fault("BAD_REQUEST", "a header in the archive is far too long");
  const content = (await bytes.exactly(size)) ?? Buffer.alloc(0);
  await bytes.pass(paddingOf(size));
  if (type === "L") told.path = untilZero(content);
  else if (type === "K") told.linkpath = untilZero(content);
  else apply(parseExtended(content), type, told);
}

function apply(fields: Map<string, string>, type: string, told: Told): void {
  const said = ["path", "linkpath", "size"].filter((key) => fields.has(key));
  // One name for every entry, or a file with holes: readers would not agree what is in it.
  if ((type === "g" && said.length > 0) || [...fields.keys()].some((key) => key.startsWith("GNU.sparse"))) {
    throw new Fault("BAD_REQUEST", "the archive has headers that readers understand differently");
  }
  told.path = fields.get("path") ?? told.path;
  told.linkpath = fields.get("linkpath") ?? told.linkpath;
  const size = fields.get("size");
  if (size === undefined) return;
  if (!/^\d{1,15}$/.test(size)) throw noTar();
  told.size = Number(size);
}

/** After its end a tar is filled up with zeros. */
async function assertOver(bytes: Bytes): Promise<void> {
  for (let after = 0; after < most.after;) {
    const piece = await bytes.any();
    if (!piece) return;
    if (piece.some((byte) => byte !== 0)) break;
    after += piece.length;
  }
  throw new Fault("BAD_REQUEST", "the archive goes on after its end");
}

function untilZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}
