import type { Fault } from "./contract/fault.ts";

/** Deeper than any document that comes in, shallower than what exhausts memory. */
const deepest = 32;

/**
 * Reads JSON that has one meaning whoever reads it: valid UTF-8 without a byte order mark, nothing after its end,
 * and no object with the same key twice, of which readers would take the first or the last.
 *
 * Throws what `invalid` makes of the reason: `is not JSON`.
 */
export function parseOneMeaning(bytes: Uint8Array, invalid: (why: string) => Fault): unknown {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw invalid("starts with a byte order mark");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid("is not UTF-8");
  }
  const wrong = wrongIn(text);
  if (wrong !== undefined) throw invalid(wrong);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid("is not JSON");
  }
}

/** Walks the text without judging its grammar, which `JSON.parse` does. */
function wrongIn(text: string): string | undefined {
  /** The keys of each object that is open; `undefined` stands for a list. */
  const open: (Set<string> | undefined)[] = [];
  let keys: Set<string> | undefined;
  let keyIsNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (keys && keyIsNext) {
          const key = keyOf(text.slice(at, end + 1));
          if (key === undefined) return "is not JSON";
          if (keys.has(key)) return `has the key ${key.slice(0, 100)} twice in one object`;
          keys.add(key);
        }
        keyIsNext = false;
        at = end;
        break;
      }
      case "{":
      case "[":
        if (open.length === deepest) return `is nested more than ${deepest} deep`;
        keys = text[at] === "{" ? new Set() : undefined;
        keyIsNext = keys !== undefined;
        open.push(keys);
        break;
      case "}":
      case "]":
        open.pop();
        keys = open.at(-1);
        keyIsNext = false;
        break;
      case ",":
        keyIsNext = keys !== undefined;
        break;
      default:
    }
  }
  return undefined;
}

function keyOf(quoted: string): string | undefined {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}

/** Where the string that opens at `start` closes: at a quote with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
