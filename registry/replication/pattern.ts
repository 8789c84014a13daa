import { Fault } from "../contract/fault.ts";

/**
 * What stands at one place of a pattern: a character, a test of one, a run of any length, within a path's part or across.
 * After a fork the next two places, `**` and a slash, may both be left out.
 */
type Step = string | ((character: string) => boolean) | typeof run | typeof deepRun | typeof fork;

const run = Symbol("*");
const deepRun = Symbol("**");
const fork = Symbol("fork");
/** Alternatives multiply; nobody writes this many by hand. */
const mostAlternatives = 256;

/**
 * A doublestar pattern, as Harbor's filters have it: `*` is any run without `/`, `**` any run, `?` one character but `/`,
 * `[a-z]` and `[^a]` are classes, `{x,y}` alternatives, `\` takes the next character as it is. Between slashes `**` is any
 * number of parts, none included. The empty pattern takes everything. Harbor: replication 4.
 *
 * The time it takes grows with pattern times text. Libraries make regular expressions of patterns, which somebody's name for a
 * repository can keep busy for minutes (picomatch 4: `*a*a*…b` on 128 letters). Throws `BAD_REQUEST` for too many alternatives.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  if (pattern === "") return () => true;
  const plain = pattern.replace(/(^|\/)\*\*(?:\/\*\*)+(?=\/|$)/g, "$1**");
  const alternatives = alternativesOf(plain).map(stepsOf);
  return (text) => alternatives.some((steps) => matches(steps, text));
}

/** `{a,b}c` as `ac` and `bc`; a brace without its other half is a character. */
function alternativesOf(pattern: string): string[] {
  const open = find(pattern, "{", 0);
  const close = open < 0 ? -1 : closing(pattern, open);
  if (close < 0) return [pattern];
  const before = pattern.slice(0, open);
  const made = split(pattern.slice(open + 1, close)).flatMap((inner) =>
    alternativesOf(inner + pattern.slice(close + 1)).map((rest) => before + rest),
  );
  if (made.length > mostAlternatives) throw tooMany();
  return made;
}

function stepsOf(pattern: string): Step[] {
  const steps: Step[] = [];
  const characters = [...pattern];
  const isDeep = (at: number): boolean => characters[at] === "*" && characters[at + 1] === "*";
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? "";
    const begins = at === 0 || characters[at - 1] === "/";
    if (begins && isDeep(at) && characters[at + 2] === "/") {
      steps.push(fork, deepRun, "/");
      at += 2;
    } else if (character === "/" && at > 0 && isDeep(at + 1) && at + 3 === characters.length) {
      steps.push(fork, "/", deepRun);
      at += 2;
    } else if (character === "*") {
      steps.push(isDeep(at) ? deepRun : run);
      while (characters[at + 1] === "*") at += 1;
    } else if (character === "\\" && at + 1 < characters.length) steps.push(characters[(at += 1)] ?? "");
    else if (character === "?") steps.push((other) => other !== "/");
    else if (character === "[") {
      const found = classAt(characters, at);
      steps.push(found?.step ?? character);
      at = found?.end ?? at;
    } else steps.push(character);
  }
  return steps;
}

/** `[a-c]`, `[^x]`; undefined when it never ends. */
function classAt(characters: readonly string[], start: number): { step: Step; end: number } | undefined {
  let at = start + 1;
  const negated = characters[at] === "^" || characters[at] === "!";
  if (negated) at += 1;
  const ranges: [string, string][] = [];
  for (; at < characters.length && (characters[at] !== "]" || ranges.length === 0); at += 1) {
    if (characters[at] === "\\") at += 1;
    const from = characters[at] ?? "";
    const hasEnd = characters[at + 1] === "-" && ![undefined, "]"].includes(characters[at + 2]);
    ranges.push([from, hasEnd ? (characters[at + 2] ?? "") : from]);
    if (hasEnd) at += 2;
  }
  if (at >= characters.length) return undefined;
  const isIn = (other: string): boolean => ranges.some(([from, to]) => from <= other && other <= to);
  return { step: (other) => other !== "/" && isIn(other) !== negated, end: at };
}

/** Goes through the text once, with all the places of the pattern that it may be at. */
function matches(steps: readonly Step[], text: string): boolean {
  let places = reach(steps, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === deepRun || (step === run && character !== "/")) next.add(place);
      else if (step === character || (typeof step === "function" && step(character))) next.add(place + 1);
    }
    if (next.size === 0) return false;
    places = reach(steps, next);
  }
  return places.has(steps.length);
}

/** With the places behind what may be empty. A set goes on to what is added to it on the way. */
function reach(steps: readonly Step[], places: Set<number>): Set<number> {
  for (const place of places) {
    const step = steps[place];
    if (step === run || step === deepRun || step === fork) places.add(place + 1);
    if (step === fork) places.add(place + 3);
  }
  return places;
}

function find(text: string, wanted: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === wanted) return at;
  }
  return -1;
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "{") depth += 1;
    else if (text[at] === "}" && (depth -= 1) === 0) return at;
  }
  return -1;
}

/** At the commas that are in no brace of their own. */
function split(text: string): string[] {
  const parts: string[] = [];
  let [start, depth] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "{") depth += 1;
    else if (text[at] === "}") depth -= 1;
    else if (text[at] === "," && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function tooMany(): Fault {
  return new Fault("BAD_REQUEST", `a pattern stands for at most ${mostAlternatives} alternatives`);
}
