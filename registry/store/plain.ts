import { Fault } from "../contract/fault.ts";

/** Deeper than any document has a reason to be; what is deeper would end the process when written as JSON. */
const deepest = 64;

/**
 * A copy of a JSON document that nobody can change any more.
 *
 * Fields that are `undefined` are left out, and negative zero becomes zero, as JSON has it. Throws `BAD_REQUEST` for what
 * would come back as something else or not at all: `NaN`, dates, functions, bytes, and a field named `__proto__`.
 */
export function freezeCopy<D extends object>(document: D): D {
  return copyOf(document, 0) as D;
}

function copyOf(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value))
        throw new Fault("BAD_REQUEST", `${value} is not a number that can be kept`);
      return value === 0 ? 0 : value;
    case "object":
      break;
    default:
      throw new Fault("BAD_REQUEST", `a ${typeof value} cannot be kept`);
  }
  if (value === null) return null;
  if (depth >= deepest)
    throw new Fault("BAD_REQUEST", `a document may not be nested deeper than ${deepest} times`);
  // As in JSON, a hole in a list is kept as nothing.
  if (Array.isArray(value))
    return Object.freeze(Array.from(value, (element) => copyOf(element ?? null, depth + 1)));
  const prototype: unknown = Object.getPrototypeOf(value);
  // Parsed in another realm, as in a test's or a window's, a plain object has another root.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new Fault("BAD_REQUEST", `a ${value.constructor.name} cannot be kept`);
  }
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (key === "__proto__") throw new Fault("BAD_REQUEST", "a field may not be named __proto__");
    if (field !== undefined) copy[key] = copyOf(field, depth + 1);
  }
  return Object.freeze(copy);
}

/** Freezes what was just parsed, and belongs to nobody yet. */
export function freeze<D extends object>(document: D): D {
  for (const value of Object.values<unknown>(document as Record<string, unknown>)) {
    if (typeof value === "object" && value !== null) freeze(value);
  }
  return Object.freeze(document);
}
