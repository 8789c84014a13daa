import { flaw } from "./flaws.ts";

/** A value with a tag around it, such as a time. RFC 8949 3.4 */
export interface Tagged {
  tag: number;
  value: Cbor;
}

export type Cbor = number | string | boolean | null | Buffer | Cbor[] | Map<Cbor, Cbor> | Tagged;

const deepest = 8;
/** Entries of a list or map. */
const most = 100;

/**
 * Reads what COSE is written in: CBOR with stated lengths and shortest numbers, without floats, and no key twice, so that
 * the bytes have one meaning.
 *
 * Throws a flaw. RFC 8949 4.2
 */
export function parseCbor(bytes: Buffer): Cbor {
  const { value, end } = readAt(bytes, 0, 0);
  if (end !== bytes.length) throw flaw("the CBOR goes on after its end");
  return value;
}

interface Read {
  value: Cbor;
  end: number;
}

function readAt(bytes: Buffer, at: number, depth: number): Read {
  if (depth > deepest) throw flaw("the CBOR is nested too deep");
  const { major, argument, end } = headAt(bytes, at);
  switch (major) {
    case 0:
      return { value: argument, end };
    case 1:
      return { value: -1 - argument, end };
    case 2:
      return { value: take(bytes, end, argument), end: end + argument };
    case 3:
      return { value: textOf(take(bytes, end, argument)), end: end + argument };
    case 4:
      return readList(bytes, end, argument, depth);
    case 5:
      return readMap(bytes, end, argument, depth);
    case 6: {
      const inner = readAt(bytes, end, depth + 1);
      return { value: { tag: argument, value: inner.value }, end: inner.end };
    }
    default:
      return { value: simple(bytes, at), end };
  }
}

function readList(bytes: Buffer, start: number, count: number, depth: number): Read {
  if (count > most) throw flaw("the CBOR has a list that is too long");
  const value: Cbor[] = [];
  let end = start;
  for (let index = 0; index < count; index += 1) {
    const item = readAt(bytes, end, depth + 1);
    value.push(item.value);
    end = item.end;
  }
  return { value, end };
}

function readMap(bytes: Buffer, start: number, count: number, depth: number): Read {
  if (count > most) throw flaw("the CBOR has a map that is too large");
  const value = new Map<Cbor, Cbor>();
  let end = start;
  for (let index = 0; index < count; index += 1) {
    const key = readAt(bytes, end, depth + 1);
    if (typeof key.value !== "number" && typeof key.value !== "string")
      throw flaw("the CBOR has a key that is neither number nor text");
    if (value.has(key.value)) throw flaw(`the CBOR has the key ${key.value} twice`);
    const item = readAt(bytes, key.end, depth + 1);
    value.set(key.value, item.value);
    end = item.end;
  }
  return { value, end };
}

/** Of each value the first byte, and the number that goes with it: the value itself, a length or a tag. RFC 8949 3 */
function headAt(bytes: Buffer, at: number): { major: number; argument: number; end: number } {
  const [first = 0] = take(bytes, at, 1);
  const [major, info] = [first >> 5, first & 0x1f];
  if (info < 24) return { major, argument: info, end: at + 1 };
  if (info > 27) throw flaw("the CBOR has a value without a stated length");
  const length = 2 ** (info - 24);
  const argument = Number(`0x${take(bytes, at + 1, length).toString("hex")}`);
  const least = length === 1 ? 24 : 2 ** (4 * length);
  if (argument < least || !Number.isSafeInteger(argument))
    throw flaw("the CBOR has a number that is too large, or not written in the shortest way");
  return { major, argument, end: at + 1 + length };
}

function simple(bytes: Buffer, at: number): Cbor {
  const first = bytes[at];
  if (first === 0xf4 || first === 0xf5) return first === 0xf5;
  if (first === 0xf6) return null;
  throw flaw("the CBOR has a value that COSE has no use for");
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw flaw("the CBOR has a text that is not UTF-8");
  }
}

function take(bytes: Buffer, at: number, length: number): Buffer {
  if (at + length > bytes.length) throw flaw("the CBOR ends too early");
  return bytes.subarray(at, at + length);
}

/** A head and its content; of what a signature covers only these two kinds are written. RFC 9052 4.4 */
export function toCbor(kind: "bytes" | "text", content: Buffer): Buffer {
  const major = kind === "bytes" ? 0x40 : 0x60;
  const { length } = content;
  if (length < 24) return Buffer.concat([Buffer.from([major | length]), content]);
  const digits = [1, 2, 4].find((count) => length < 2 ** (8 * count)) ?? 4;
  const head = Buffer.alloc(1 + digits);
  head[0] = major | (24 + Math.log2(digits));
  head.writeUIntBE(length, 1, digits);
  return Buffer.concat([head, content]);
}
