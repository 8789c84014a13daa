/**
 * The bytes that a signature covers: keys in the order of their UTF-8, no white space, strings with nothing escaped but
 * quotes and backslashes. Not the bytes that came: those may be written otherwise and mean the same.
 *
 * Throws `NotCanonical` for a number that is not whole.
 */
export function canonicalOf(value: unknown): Buffer {
  const parts: string[] = [];
  write(value, parts);
  return Buffer.from(parts.join(""), "utf8");
}

/** What has no canonical form, in the words of the reference. */
export class NotCanonical extends Error {}

function write(value: unknown, parts: string[]): void {
  if (value === null || value === undefined) parts.push("null");
  else if (typeof value === "string") parts.push(quoted(value));
  else if (typeof value === "number") parts.push(whole(value));
  else if (typeof value === "boolean") parts.push(String(value));
  else if (Array.isArray(value)) writeList(value, parts);
  else writeObject(value as Record<string, unknown>, parts);
}

function writeList(list: readonly unknown[], parts: string[]): void {
  parts.push("[");
  for (const [at, value] of list.entries()) {
    if (at > 0) parts.push(",");
    write(value, parts);
  }
  parts.push("]");
}

function writeObject(object: Record<string, unknown>, parts: string[]): void {
  parts.push("{");
  for (const [at, key] of sorted(Object.keys(object)).entries()) {
    if (at > 0) parts.push(",");
    parts.push(quoted(key), ":");
    write(object[key], parts);
  }
  parts.push("}");
}

/** UTF-16, by which JavaScript sorts, orders differently only what lies beyond its first plane. */
function sorted(keys: string[]): string[] {
  if (!keys.some((key) => /[\ud800-\udfff]/.test(key))) return keys.sort();
  return keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

function whole(value: number): string {
  if (!Number.isInteger(value)) throw new NotCanonical(`json: unsupported value: ${value}`);
  return BigInt(value).toString();
}
