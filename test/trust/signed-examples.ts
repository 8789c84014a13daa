import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SignatureSource, Subject, Trusted } from "../../registry/trust/signatures/verdicts.ts";

/** What cosign 3.1.1 and notation 1.3.2 once made for one image, and the keys they made it with. */
interface Examples {
  subject: Subject;
  keys: Record<string, string>;
  /** A manifest and its layers, in base64. */
  examples: Record<string, { manifest: string; layers: string[] }>;
}

const file = new URL("signed-examples.json", import.meta.url);
const { subject, keys, examples } = JSON.parse(readFileSync(file, "utf8")) as Examples;
export { subject };

/** While the certificates of the examples were valid. */
export const then = new Date("2026-11-23T12:00:00Z");

export type Fields = Record<string, unknown>;

/** A repository in memory. */
export interface Shelf extends SignatureSource {
  keep(bytes: Buffer): string;
  /** Keeps a manifest and has it found as a referrer; gives its digest. */
  refer(manifest: Buffer | object): string;
  tag(name: string, digest: string): void;
  /** Has other bytes under that digest. */
  spoil(digest: string, bytes: Buffer): void;
  forget(digest: string): void;
}

export function createShelf(): Shelf {
  const kept = new Map<string, Buffer>();
  const tags = new Map<string, string>();
  const referring: string[] = [];
  const read = (digest: string): Promise<Buffer | undefined> => Promise.resolve(kept.get(digest));
  const keep = (bytes: Buffer): string => {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    kept.set(digest, bytes);
    return digest;
  };
  return {
    keep,
    refer(manifest) {
      const digest = keep(Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest)));
      referring.push(digest);
      return digest;
    },
    tag: (name, digest) => void tags.set(name, digest),
    spoil: (digest, bytes) => void kept.set(digest, bytes),
    forget: (digest) => void kept.delete(digest),
    referrers: (_subject, limit) => Promise.resolve(referring.slice(0, limit)),
    tagged: (tag) => Promise.resolve(tags.get(tag)),
    manifest: read,
    blob: read,
  };
}

export function manifestOf(example: string): Buffer {
  return Buffer.from(examples[example]?.manifest ?? "", "base64");
}

export function layersOf(example: string): Buffer[] {
  return (examples[example]?.layers ?? []).map((text) => Buffer.from(text, "base64"));
}

/** A shelf with an example as it was pushed, or with other layers in its place, for which the manifest is made to fit. */
export function shelfWith(example: string, layers?: Buffer[]): Shelf {
  const shelf = createShelf();
  const manifest = layers ? refitted(manifestOf(example), layers) : manifestOf(example);
  for (const layer of layers ?? layersOf(example)) shelf.keep(layer);
  if (manifest.includes('"subject"')) shelf.refer(manifest);
  else shelf.tag(`${subject.digest.replace(":", "-")}.sig`, shelf.keep(manifest));
  return shelf;
}

function refitted(bytes: Buffer, layers: Buffer[]): Buffer {
  const manifest = JSON.parse(bytes.toString()) as Fields & { layers: Fields[] };
  manifest.layers = manifest.layers.map((layer, index) => {
    const own = layers[index] ?? Buffer.alloc(0);
    return { ...layer, size: own.length, digest: createShelf().keep(own) };
  });
  return Buffer.from(JSON.stringify(manifest));
}

export function trusting(...names: string[]): Trusted[] {
  return names.map((name) => ({
    id: `id-${name}`,
    name,
    kind: name.endsWith(".pub") ? "cosign-key" : "notation-certificate",
    pem: keys[name] ?? "",
  }));
}
