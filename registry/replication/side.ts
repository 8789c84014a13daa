import type { Readable } from "node:stream";
import type { ReplicationFilter } from "../contract/replication.ts";

/** What a manifest names: the fields of a descriptor that copying needs. */
export interface Piece {
  media_type: string;
  digest: string;
  /** Bytes. */
  size: number;
}

export interface SideManifest {
  /** Of these bytes, checked. */
  digest: string;
  media_type: string;
  bytes: Buffer;
}

/** An artifact that a rule may choose, as a listing tells it. */
export interface Listed {
  /** With its project: `library/app`. */
  repository: string;
  digest?: string;
  tags: string[];
  labels: string[];
  /** What kind of thing it is in Harbor's words, `IMAGE`, where the listing tells. */
  type?: string;
  /** Whether its project is open to everybody, where the listing tells. */
  public?: boolean;
}

/** Where an upload stands, so that a later attempt goes on with it. */
export interface Begun {
  location: string;
}

/**
 * One registry as a copy sees it: this one, another one, an archive. Every wait ends with its `signal`.
 *
 * Throws `Again` for what may pass (network, 5xx, 429 with its time), and a `Fault` with the other side's reason for what will not.
 */
export interface Side {
  /** For logs: `this registry`, `https://registry.example`. */
  readonly name: string;
  /** Whether asking it costs no round trip: this registry, an archive. */
  readonly near: boolean;
  /** By tag or digest, verified. */
  manifest(repository: string, reference: string, signal: AbortSignal): Promise<SideManifest | undefined>;
  /** The digest that a tag names, or that digest itself if it is there. */
  digestOf(repository: string, reference: string, signal: AbortSignal): Promise<string | undefined>;
  putManifest(
    repository: string,
    reference: string,
    manifest: SideManifest,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * What refers to that digest there: signatures, SBOMs. By the referrers API, else by the fallback tag; `tags`, where the
   * repository's are known, saves asking for one that is not there.
   */
  referrers(
    repository: string,
    digest: string,
    signal: AbortSignal,
    tags?: ReadonlySet<string>,
  ): Promise<Piece[]>;
  tags(repository: string, signal: AbortSignal): Promise<string[]>;
  hasBlob(repository: string, piece: Piece, signal: AbortSignal): Promise<boolean>;
  /** A few repositories that have the blob, where that is known without asking around. */
  holders?(digest: string): Promise<string[]>;
  /** From that byte on. The stream fails when it ends early; whoever takes it checks the digest. */
  blob(repository: string, piece: Piece, from: number, signal: AbortSignal): Promise<Readable>;
  /**
   * Takes a blob; `open` gives its bytes from an offset, and is called again after a break. Whole and verified when it
   * resolves, with whether its bytes were sent or it was taken over from a repository of the same side.
   */
  putBlob(
    repository: string,
    piece: Piece,
    open: (from: number) => Promise<Readable>,
    about: Putting,
  ): Promise<"sent" | "mounted">;
}

export interface Putting {
  /** A repository of the same side that is thought to have the blob: if it has, no bytes are sent. */
  mount?: string | undefined;
  /** Where an earlier attempt stood. */
  begun?: Begun | undefined;
  /** Told where this one stands before bytes flow, if it is large enough to be gone on with. */
  note(begun: Begun): Promise<void>;
  /** Told how many bytes are there already when it goes on with an earlier attempt. */
  found(bytes: number): void;
  signal: AbortSignal;
}

/** A whole registry that can be listed, prepared and deleted from: what a rule has on each end. */
export interface Peer extends Side {
  /**
   * Artifacts that may match: those of the names that the `name` filters allow, as far as the other side can narrow. The rule
   * filters again. Streams, so that a large registry is not held in memory.
   */
  list(filters: readonly ReplicationFilter[], signal: AbortSignal): AsyncIterable<Listed>;
  /** Makes sure that these projects are there. Throws `FORBIDDEN` with the reason. */
  prepare(projects: readonly { name: string; public: boolean }[], signal: AbortSignal): Promise<void>;
  /** Throws `BAD_REQUEST` for a repository name that this kind of registry cannot have. */
  assertName(repository: string): void;
  /** Takes a tag away and leaves its siblings, where this side can; absent counts as done. */
  removeTag(repository: string, tag: string, signal: AbortSignal): Promise<void>;
  /** Removes an artifact with its tags; absent counts as done. */
  removeArtifact(repository: string, digest: string, signal: AbortSignal): Promise<void>;
  removeRepository(repository: string, signal: AbortSignal): Promise<void>;
}
