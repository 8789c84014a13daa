import { Fault } from "../../contract/fault.ts";
import { parseOneMeaning } from "../../json.ts";

/** Why a signature is broken. It never leaves this folder: it becomes the reason of a verdict. */
export function flaw(why: string): Fault {
  return new Fault("UNPROCESSABLE_ENTITY", why);
}

export type Fields = Record<string, unknown>;

/** Throws a flaw unless it is JSON, with one meaning, and an object. */
export function parseFields(bytes: Uint8Array, what: string): Fields {
  return toFields(
    parseOneMeaning(bytes, (why) => flaw(`${what} ${why}`)),
    what,
  );
}

/** Throws a flaw unless it is an object. */
export function toFields(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw flaw(`${what} is not an object`);
}

/** Throws a flaw unless it is a text. */
export function toText(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw flaw(`${what} is not a text`);
}

/** Node lets pass what is no base64, and then two texts are one signature. Throws a flaw. RFC 4648 4 */
export function fromBase64(value: unknown, what: string): Buffer {
  const text = toText(value, what);
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw flaw(`${what} is not base64`);
  return bytes;
}

/** Without padding, as JWS has it. Throws a flaw. RFC 7515 2 */
export function fromBase64Url(value: unknown, what: string): Buffer {
  const text = toText(value, what);
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw flaw(`${what} is not base64url`);
  return bytes;
}
