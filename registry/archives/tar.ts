import { Fault } from "../contract/fault.ts";

/** A tar goes in blocks of this many bytes. POSIX.1-2017, pax, "ustar Interchange Format". */
export const block = 512;

/** What ends a tar. */
export const endOfTar = Buffer.alloc(2 * block);

/** The largest number that eleven octal digits hold; beyond, the size is in an extended header. */
const largestOctal = 8 ** 11 - 1;
const longestName = 100;

export interface TarHeader {
  name: string;
  /** The byte that says what it is: `0` a file, `5` a directory, `x` an extended header … */
  type: string;
  size: number;
  linkname: string;
}

/** Zero bytes that follow so many bytes of a file. */
export function paddingOf(size: number): number {
  return (block - (size % block)) % block;
}

/** What stands before a file of that name and size: nobody's, of no time, so that the same file makes the same bytes. */
export function headerFor(name: string, size: number): Buffer {
  const extended: Record<string, string> = {};
  if (Buffer.byteLength(name) > longestName) extended.path = name;
  if (size > largestOctal) extended.size = String(size);
  const own = plainHeader(name, size > largestOctal ? 0 : size, "0");
  if (Object.keys(extended).length === 0) return own;
  const records = Buffer.from(Object.entries(extended).map(recordOf).join(""));
  return Buffer.concat([
    plainHeader("PaxHeaders/0", records.length, "x"),
    records,
    Buffer.alloc(paddingOf(records.length)),
    own,
  ]);
}

/** `undefined` for a block of zeros. Throws `BAD_REQUEST` for what is no header. */
export function parseHeader(bytes: Buffer): TarHeader | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  if (sumOf(bytes) !== numberIn(bytes, 148, 8)) throw noTar();
  const name = textIn(bytes, 0, 100);
  // GNU keeps times where POSIX keeps the first part of a long name.
  const isPosix = bytes.toString("latin1", 257, 265) === "ustar\u000000";
  const prefix = isPosix ? textIn(bytes, 345, 155) : "";
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type: bytes[156] === 0 ? "0" : String.fromCharCode(bytes[156] ?? 0),
    size: numberIn(bytes, 124, 12),
    linkname: textIn(bytes, 157, 100),
  };
}

/** The fields of an extended header: each is its length, a blank, `key=value` and a newline. Throws `BAD_REQUEST`. */
export function parseExtended(bytes: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank - at > 0 && blank - at < 8 ? bytes.toString("latin1", at, blank) : "";
    const end = at + Number(digits);
    if (!/^[1-9]\d*$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a) throw noTar();
    const record = bytes.toString("utf8", blank + 1, end - 1);
    const equals = record.indexOf("=");
    if (equals < 1) throw noTar();
    fields.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return fields;
}

export function noTar(): Fault {
  return new Fault("BAD_REQUEST", "the file is not a tar archive, or is damaged");
}

function plainHeader(name: string, size: number, type: string): Buffer {
  const bytes = Buffer.alloc(block);
  bytes.write(name.slice(0, longestName), 0, "utf8");
  const octal = (value: number, at: number, digits: number): void =>
    void bytes.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  bytes.write(type, 156, "latin1");
  bytes.write("ustar\u000000", 257, "latin1");
  octal(0, 329, 7);
  octal(0, 337, 7);
  octal(sumOf(bytes), 148, 6);
  bytes[155] = 0x20;
  return bytes;
}

/** Of all bytes, those of the sum itself taken for blanks. */
function sumOf(bytes: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < block; at += 1) if (at < 148 || at >= 156) sum += bytes[at] ?? 0;
  return sum;
}

/** Octal digits, or with the highest bit set a number of base 256, as GNU writes what is too large for them. */
function numberIn(bytes: Buffer, at: number, length: number): number {
  if (bytes[at] === 0x80) {
    let value = 0;
    for (const byte of bytes.subarray(at + 1, at + length)) value = value * 256 + byte;
    if (Number.isSafeInteger(value)) return value;
    throw noTar();
  }
  const digits = textIn(bytes, at, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw noTar();
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

function textIn(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

/** The length counts itself. */
function recordOf([key, value]: [string, string]): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const length = [1, 2, 3, 4].find((digits) => String(rest + digits).length === digits) ?? 0;
  return `${rest + length} ${key}=${value}\n`;
}
