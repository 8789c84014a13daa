import { Fault } from "../registry/contract/fault.ts";

const mostBytes = 1024 * 1024;
const mostDepth = 32;

/**
 * Makes sure that what came over a border is what JSON can say, and no more of it than an input ever has.
 *
 * Stops at the first excess, so a huge or endless value costs no more than a fitting one. Throws `BAD_REQUEST`.
 */
export function assertPlain(value: unknown): void {
  let bytes = 0;
  walk(value, 0);

  function walk(part: unknown, depth: number): void {
    bytes += typeof part === "string" ? part.length + 2 : 8;
    if (bytes > mostBytes) throw new Fault("BAD_REQUEST", "the input is larger than 1 MiB");
    if (depth > mostDepth) throw new Fault("BAD_REQUEST", "the input is nested too deeply");
    if (part === null || part === undefined || typeof part === "string" || typeof part === "boolean") return;
    if (typeof part === "number" && Number.isFinite(part)) return;
    if (Array.isArray(part)) {
      for (const entry of part) walk(entry, depth + 1);
      return;
    }
    if (!isRecord(part)) throw new Fault("BAD_REQUEST", "the input is not plain data");
    for (const [key, entry] of Object.entries(part)) {
      if (key === "__proto__") throw new Fault("BAD_REQUEST", "the input has a forbidden key");
      walk(key, depth);
      walk(entry, depth + 1);
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
