import { Fault } from "../registry/contract/fault.ts";

const longest = 1024 * 1024;
const mostDepth = 32;

/**
 * The input that came over the border as JSON. The page's side has limited it; that side may have been taken over.
 *
 * Throws `BAD_REQUEST`.
 */
export function parseInput(text: unknown): unknown {
  if (typeof text !== "string" || text.length > longest) throw refusal("larger than 1 MiB, or no text");
  const input = parsed(text);
  assertOrdinary(input, 0);
  return input;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal("not JSON");
  }
}

function assertOrdinary(part: unknown, depth: number): void {
  if (typeof part !== "object" || part === null) return;
  if (depth > mostDepth) throw refusal("nested too deeply");
  if (Object.hasOwn(part, "__proto__")) throw refusal("an attempt at the prototype of objects");
  for (const entry of Object.values(part)) assertOrdinary(entry, depth + 1);
}

function refusal(why: string): Fault {
  return new Fault("BAD_REQUEST", `the input is ${why}`);
}
