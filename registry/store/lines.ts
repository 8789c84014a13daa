import { crc32 } from "./crc.ts";

/**
 * The lines of a collection's file: `<CRC-32> <number> <entry>`, numbered from 0 without gaps.
 *
 * The checksum tells a damaged line, the number one that is missing, doubled or out of place. The first line says how
 * many documents follow it at least, so that a file cut at the end of a line is told as well.
 */
export type Entry =
  { kind: "head"; documents: number } | { kind: "put"; document: object } | { kind: "remove"; key: string };

export interface Line {
  number: number;
  entry: Entry;
}

/** Where a collection's file stands: its length and the number of its next line. */
export interface FileState {
  bytes: number;
  lines: number;
}

export const headEntry = (documents: number): string => `#${JSON.stringify({ documents })}`;
export const putEntry = (document: object): string => `=${toJson(document)}`;
export const removeEntry = (key: string): string => `-${toJson(key)}`;

/** The bytes of one line, newline and all. */
export function sealLine(number: number, entry: string): Buffer {
  const line = Buffer.from(`00000000 ${number} ${entry}\n`);
  line.write(hexOf(crc32(line.subarray(9, -1))), 0, "latin1");
  return line;
}

/** What a line without its newline says; `undefined` if it is damaged. */
export function openLine(line: Buffer): Line | undefined {
  if (line.length < 12 || line.toString("latin1", 0, 9) !== `${hexOf(crc32(line.subarray(9)))} `)
    return undefined;
  const text = line.toString("utf8", 9);
  const space = text.indexOf(" ");
  const number = Number(text.slice(0, space));
  const value: unknown = JSON.parse(text.slice(space + 2));
  switch (text[space + 1]) {
    case "#":
      return { number, entry: { kind: "head", documents: (value as { documents: number }).documents } };
    case "=":
      return { number, entry: { kind: "put", document: value as object } };
    case "-":
      return { number, entry: { kind: "remove", key: value as string } };
    default:
      return undefined;
  }
}

const hexOf = (crc: number): string => crc.toString(16).padStart(8, "0");

/** JSON leaves these three as they are, and many programs end a line at them. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  return separators.test(text) ? text.replace(/[\u2028\u2029\u0085]/g, escapeOf) : text;
}

const separators = /[\u2028\u2029\u0085]/;
const escapeOf = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
