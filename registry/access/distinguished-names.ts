/**
 * A distinguished name in the one form in which two spellings of it are equal: case, spaces around signs, escapes and the
 * order inside an RDN do not count. `undefined` for what is no DN. RFC 4514.
 */
export function canonicalDn(dn: string): string | undefined {
  const rdns: string[][] = [];
  for (const rdn of cut(dn, ",")) {
    const pairs = cut(rdn, "+").map(pairOf);
    if (!pairs.every((pair) => pair !== undefined)) return undefined;
    rdns.push(pairs.sort());
  }
  return JSON.stringify(rdns);
}

export function isDn(text: string): boolean {
  return canonicalDn(text) !== undefined;
}

/** A name as a directory compares it: width, case and the amount of space do not count. RFC 4518. */
export function fold(text: string): string {
  return text.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();
}

/** Parts between separators, of which an escaped one is none. */
function cut(text: string, separator: string): string[] {
  const parts = [""];
  for (const [piece] of text.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (piece === separator) parts.push("");
    else parts.push((parts.pop() ?? "") + piece);
  }
  return parts;
}

function pairOf(text: string): string | undefined {
  const [, type, value] = /^\s*([a-z][a-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*(\S[\s\S]*)$/i.exec(text) ?? [];
  if (type === undefined || value === undefined || /(^|[^\\])"/.test(value)) return undefined;
  return `${type.toLowerCase()}=${fold(unescape(value))}`;
}

function unescape(value: string): string {
  return value.replace(/((?:\\[0-9a-f]{2})+)|\\([\s\S])/gi, (_, bytes: string | undefined, sign: string) =>
    bytes === undefined ? sign : Buffer.from(bytes.replaceAll("\\", ""), "hex").toString("utf8"),
  );
}
