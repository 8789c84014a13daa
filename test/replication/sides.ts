import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createEvents } from "../../registry/events.ts";
import type { RegistryEvent } from "../../registry/contract/event.ts";
import { createOci, type Oci } from "../../registry/oci/oci.ts";
import { createLocal } from "../../registry/replication/local.ts";
import { createRemote, type Remote, type RemoteOptions } from "../../registry/replication/remote/remote.ts";
import type { Peer, Side } from "../../registry/replication/side.ts";
import type { Copying } from "../../registry/replication/transfer.ts";
import type { Collections } from "../../registry/store/collections.ts";
import { openStore } from "../../registry/store/open.ts";
import type { Berth } from "../harness.ts";
import { configType, imageType, indexType, layerType } from "../oci/images.ts";

/** The ends of copies: this registry without its doors, and others as endpoints. */

export interface Here {
  peer: Peer;
  oci: Oci;
  collections: Collections;
  /** What has happened in it. */
  events: RegistryEvent[];
  /** Uploads that are open. */
  uploads(): Promise<number>;
  /** As after a crash: what is on disk is all that is left. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** The inside of a registry on a folder of its own, as replication sees it, with the project `library`. */
export async function openHere(): Promise<Here> {
  const dataDir = await mkdtemp(join(tmpdir(), "berth-transfer-"));
  const now = (): Date => new Date();
  const events: RegistryEvent[] = [];
  async function open() {
    const store = await openStore({ dataDir, now, log: () => undefined });
    const { collections, blobs } = store;
    const told = createEvents(now, () => undefined);
    told.on((event) => events.push(event));
    const oci = createOci({ ...store, events: told, now });
    async function createProject(name: string, open: boolean): Promise<void> {
      const project_id = await store.sequence.next("projects");
      const time = now().toISOString();
      const times = { creation_time: time, update_time: time };
      const owner = { owner_id: 1, owner_name: "admin" };
      await collections.projects.insert({ project_id, name, public: open, metadata: {}, ...owner, ...times });
    }
    if (!(await collections.projects.find({ name: "library" }))) await createProject("library", true);
    const peer = createLocal({ oci, collections, blobs, createProject, readOnly: () => false });
    return { peer, oci, collections, store };
  }
  let opened = await open();
  async function shut(): Promise<void> {
    await opened.oci.close();
    await opened.store.close();
  }
  return {
    get peer() {
      return opened.peer;
    },
    get oci() {
      return opened.oci;
    },
    get collections() {
      return opened.collections;
    },
    events,
    async uploads() {
      let count = 0;
      for await (const _ of opened.store.blobs.uploads()) count += 1;
      return count;
    },
    async reopen() {
      await shut();
      opened = await open();
    },
    async close() {
      await shut();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** An endpoint as a person would give it, asked as nobody unless told otherwise. */
export function remoteTo(url: string, options: Partial<RemoteOptions> = {}): Remote {
  const nobody = { access_key: "", access_secret: "", insecure: false, ca_certificate: "" };
  return createRemote({ url, type: "docker-registry", ...nobody, ...options });
}

export function remoteToBerth(berth: Berth, options: Partial<RemoteOptions> = {}): Remote {
  const { name, password } = berth.admin;
  return remoteTo(berth.url, { type: "berth", access_key: name, access_secret: password, ...options });
}

export interface Copy extends Copying {
  lines: string[];
  numbers: Record<string, number>;
  notes: Record<string, unknown>;
}

/** One job's copying from the source's `library/app` to the same name, with what it logs, notes and counts. */
export function copying(source: Side, target: Side, more: Partial<Copying> = {}): Copy {
  const copy: Copy = {
    source,
    target,
    from: "library/app",
    to: "library/app",
    override: true,
    platforms: { matches: [], excludes: [] },
    signal: new AbortController().signal,
    log: (level, message) => void copy.lines.push(`${level} ${message}`),
    kept: {},
    keep: (values) => Promise.resolve(void Object.assign(copy.notes, values)),
    progress: (numbers) => void Object.assign(copy.numbers, numbers),
    lines: [],
    numbers: {},
    notes: {},
    ...more,
  };
  return copy;
}

export interface Piece {
  mediaType: string;
  digest: string;
  size: number;
  [field: string]: unknown;
}

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function descriptor(mediaType: string, bytes: string | Uint8Array): Piece {
  return { mediaType, digest: sha256(bytes), size: Buffer.byteLength(bytes) };
}

const forever = new AbortController().signal;

/** Gives a blob to a side. */
export async function giveBlob(
  side: Side,
  repository: string,
  mediaType: string,
  bytes: Buffer,
): Promise<Piece> {
  const piece = descriptor(mediaType, bytes);
  const about = { note: () => Promise.resolve(), found: () => undefined, signal: forever };
  const named = { media_type: mediaType, digest: piece.digest, size: piece.size };
  const open = (from: number) => Promise.resolve(Readable.from([bytes.subarray(from)]));
  await side.putBlob(repository, named, open, about);
  return piece;
}

export interface Given {
  digest: string;
  text: string;
  layers: Piece[];
  descriptor: Piece;
}

/** Gives a manifest to a side, by a tag or by its digest. */
export async function giveManifest(
  side: Side,
  repository: string,
  reference: string | undefined,
  manifest: object,
): Promise<Given> {
  const text = JSON.stringify(manifest);
  const digest = sha256(text);
  const { mediaType = imageType, layers = [] } = manifest as { mediaType?: string; layers?: Piece[] };
  const whole = { digest, media_type: mediaType, bytes: Buffer.from(text) };
  await side.putManifest(repository, reference ?? digest, whole, forever);
  return { digest, text, layers, descriptor: descriptor(mediaType, text) };
}

interface Wanted {
  tag?: string;
  /** Bytes of each layer; those given as bytes are shared with other images. */
  layers?: (number | Buffer)[];
  platform?: string;
  more?: object;
}

/** Gives an image to a side. */
export async function giveImage(
  side: Side,
  repository: string,
  { tag, layers = [3000], platform = "linux/amd64", more = {} }: Wanted = {},
): Promise<Given> {
  const [os, architecture, variant] = platform.split("/");
  const salt = randomBytes(8).toString("hex");
  const told = { os, architecture, ...(variant ? { variant } : {}), author: salt };
  const config = await giveBlob(side, repository, configType, Buffer.from(JSON.stringify(told)));
  const pieces: Piece[] = [];
  for (const layer of layers) {
    const bytes = typeof layer === "number" ? randomBytes(layer) : layer;
    pieces.push(await giveBlob(side, repository, layerType, bytes));
  }
  const manifest = { schemaVersion: 2, mediaType: imageType, config, layers: pieces, ...more };
  return giveManifest(side, repository, tag, manifest);
}

/** Gives an index of one image for each platform. */
export async function giveIndex(
  side: Side,
  repository: string,
  tag: string,
  platforms: readonly string[],
  more: Piece[] = [],
): Promise<Given & { children: Given[] }> {
  const children: Given[] = [];
  const manifests: Piece[] = [];
  for (const platform of platforms) {
    const child = await giveImage(side, repository, { platform });
    const [os, architecture, variant] = platform.split("/");
    children.push(child);
    manifests.push({ ...child.descriptor, platform: { os, architecture, ...(variant ? { variant } : {}) } });
  }
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [...manifests, ...more] };
  return { ...(await giveManifest(side, repository, tag, index)), children };
}

/** A manifest that refers to another: a signature, say. */
export async function giveReferrer(
  side: Side,
  repository: string,
  subject: Piece,
  artifactType = "application/vnd.example.signature",
  tag?: string,
): Promise<Given> {
  const { mediaType, digest, size } = subject;
  return giveImage(side, repository, {
    ...(tag === undefined ? {} : { tag }),
    layers: [200],
    more: { artifactType, subject: { mediaType, digest, size } },
  });
}
