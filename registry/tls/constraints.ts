/** The object identifier of name constraints. RFC 5280 4.2.1.10. */
export const nameConstraints = "2.5.29.30";

/** What an authority may vouch for: each a DNS name with all under it, as DER. */
export type Subtrees = readonly Buffer[];

/**
 * Berth's home names, which every authority has, and `further` names.
 *
 * Addresses are not constrained: BoringSSL, which is Electron's TLS, refuses every certificate under an authority that says
 * anything of them.
 */
export function subtreesOf(further: readonly string[]): Subtrees {
  const names = ["localhost", "docker.internal", ...further];
  return names.map((name) => der(0x30, der(0x82, Buffer.from(name, "ascii"))));
}

/** Those that are in either list, each once. */
export function union(some: Subtrees, others: Subtrees): Subtrees {
  return [...some, ...others.filter((other) => !some.some((one) => one.equals(other)))];
}

/** The extension's content that permits these names and no others. */
export function constraintsOf(subtrees: Subtrees): Buffer {
  return der(0x30, der(0xa0, Buffer.concat(subtrees)));
}

/** The subtrees of a content that `constraintsOf` made. */
export function subtreesIn(constraints: Buffer): Subtrees {
  const subtrees: Buffer[] = [];
  let rest = contentOf(contentOf(constraints));
  while (rest.length > 0) {
    const size = sizeOf(rest);
    subtrees.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return subtrees;
}

/** A tag, a length, the content. ITU-T X.690 8.1. */
function der(tag: number, content: Uint8Array): Buffer {
  const size = content.length;
  let length = [size];
  if (size > 0xff) length = [0x82, size >> 8, size & 0xff];
  else if (size > 0x7f) length = [0x81, size];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function headerOf(bytes: Buffer): { header: number; content: number } {
  const first = bytes[1] ?? 0;
  const more = first > 0x7f ? first - 0x80 : 0;
  return { header: 2 + more, content: more === 0 ? first : bytes.readUIntBE(2, more) };
}

function sizeOf(bytes: Buffer): number {
  const { header, content } = headerOf(bytes);
  return header + content;
}

function contentOf(bytes: Buffer): Buffer {
  return bytes.subarray(headerOf(bytes).header, sizeOf(bytes));
}
