import { Readable } from "node:stream";
import type { LogLine } from "../config.ts";
import type { Piece, Side } from "../replication/side.ts";
import type { ProjectDocument } from "../store/collections.ts";
import type { Upstream } from "./upstream.ts";

/** Takes a blob's bytes as they come, in order; rejects when it wants no more. */
export type Take = (bytes: Buffer) => Promise<void>;

export type Keeping = (project: ProjectDocument) => Pick<Side, "putBlob">;

export interface Fetching {
  /**
   * Brings a blob here, once however many ask. The first who asks gets the bytes as they come, and is told so;
   * the others wait for the whole.
   */
  fetch(project: ProjectDocument, name: string, piece: Piece, take?: Take): Promise<{ given: boolean }>;
  close(): Promise<void>;
}

interface Deps {
  upstream: Upstream;
  /** Where a project's blobs are put. */
  keeping: Keeping;
  log: (line: LogLine) => void;
}

/** Fetches blobs for proxy projects. Who goes away in the middle does not stop it: the next one finds it here. */
export function createFetching({ upstream, keeping, log }: Deps): Fetching {
  const flights = new Map<string, Promise<void>>();
  const ending = new AbortController();

  async function bring(project: ProjectDocument, name: string, piece: Piece, take?: Take): Promise<void> {
    const { signal } = ending;
    const peer = await upstream.peer(project);
    const there = await upstream.nameOf(project, name);
    const passing = createPassing(take);
    await keeping(project).putBlob(
      name,
      piece,
      async (from) => Readable.from(passing(await peer.blob(there, piece, from, signal), from)),
      { note: () => Promise.resolve(), found: () => undefined, signal },
    );
  }

  return {
    async fetch(project, name, piece, take) {
      const key = `${name}@${piece.digest}`;
      const under = flights.get(key);
      if (under) {
        await under;
        return { given: false };
      }
      const flight = bring(project, name, piece, take).finally(() => flights.delete(key));
      flights.set(key, flight);
      await flight;
      return { given: take !== undefined };
    },

    async close() {
      ending.abort();
      const left = await Promise.allSettled(flights.values());
      for (const { status } of left)
        if (status === "rejected") log({ level: "info", message: "a fetch was ended" });
    },
  };
}

/** Lets bytes pass on to the store, and hands each that is new to whoever waits for it. */
function createPassing(take: Take | undefined) {
  let wanted = take;
  let given = 0;

  return async function* pass(bytes: Readable, from: number): AsyncGenerator<Buffer> {
    let at = from;
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      const fresh = piece.subarray(Math.max(0, given - at));
      at += piece.length;
      // Who is gone wants nothing more; who comes later reads what is kept.
      if (wanted && fresh.length > 0) await wanted(fresh).catch(() => (wanted = undefined));
      given = Math.max(given, at);
      yield piece;
    }
  };
}
