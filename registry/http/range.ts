import { Fault } from "../contract/fault.ts";

/** Both ends belong to it. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The part of `size` bytes that a `Range` header asks for; `undefined` asks for all of them, as does a header that is not
 * understood and one with several ranges, which RFC 9110 14.2 lets a server ignore. Throws `RANGE_INVALID`.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^bytes=\s*([0-9]{0,15})-([0-9]{0,15})\s*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  // The last so many bytes.
  const range =
    first === ""
      ? { start: Math.max(size - Number(last), 0), end: size - 1 }
      : { start: Number(first), end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
  if (range.start > range.end)
    throw new Fault("RANGE_INVALID", `the blob has ${size} bytes, and none in that range`);
  return range;
}
