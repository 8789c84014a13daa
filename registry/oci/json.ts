import { Fault } from "../contract/fault.ts";

/** Deeper than any manifest, shallower than what exhausts memory. */
const deepest = 32;

/**
 * Reads JSON that has one meaning whoever reads it: valid UTF-8 without a byte order mark, nothing after its end,
 * and no object with the same key twice, of which readers would take the first or the last.
 *
 * Throws `MANIFEST_INVALID`.
 */
export function parseOneMeaning(bytes: Uint8Array): unknown {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw invalid("starts with a byte order mark");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid("is not UTF-8");
  }
  try {
    assertDistinctKeys(text);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid("is not JSON");
    throw error;
  }
}

/** Walks the text without judging its grammar, which `JSON.parse` does. */
function assertDistinctKeys(text: string): void {
  /** The keys of each object that is open; `undefined` stands for a list. */
  const open: (Set<string> | undefined)[] = [];
  let keys: Set<string> | undefined;
  let keyIsNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (keys && keyIsNext) addKey(keys, text.slice(at, end + 1));
        keyIsNext = false;
        at = end;
        break;
      }
      case "{":
      case "[":
        if (open.length === deepest) throw invalid(`is nested more than ${deepest} deep`);
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
}

function addKey(keys: Set<string>, quoted: string): void {
  const key = quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (keys.has(key)) throw invalid(`has the key ${key.slice(0, 100)} twice in one object`);
  keys.add(key);
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

function invalid(why: string): Fault {
  return new Fault("MANIFEST_INVALID", `the manifest ${why}`);
}
