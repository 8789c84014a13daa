import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../../contract/fault.ts";
import type { Piece, Putting, Side } from "../side.ts";
import { onEndpoint } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";
import { Broken } from "./troubles.ts";
import { Adrift, createUploadSteps, type Into } from "./upload-steps.ts";

/** Bytes up to which a blob is held in memory and sent in one piece: to begin that again costs less than to go on with it. */
const small = 4 * 2 ** 20;
/** How often it goes on at once after a break that came without a byte having arrived. */
const mostBreaks = 4;

interface Deps {
  exchange: Exchange;
  /** Milliseconds that the other side may take to put a whole blob in its place. */
  patience: number;
  hasBlob: Side["hasBlob"];
  /** A repository of the other side that has the blob, where it can be asked for one. */
  holder(repository: string, piece: Piece, signal: AbortSignal): Promise<string | undefined>;
}

type Open = (from: number) => Promise<Readable>;

/** Blobs into another registry: in one piece, or going on after each break from where that says it stands. */
export function createUploads({ exchange, patience, hasBlob, holder }: Deps): Pick<Side, "putBlob"> {
  const steps = createUploadSteps(exchange, patience);

  /** After a break: the answer may be all that was lost. Throws the break's error when there were too many. */
  async function isThere({ repository, piece, signal }: Into, error: unknown, breaks: number) {
    signal.throwIfAborted();
    if (!(error instanceof Broken)) throw error;
    if (breaks >= mostBreaks) throw error instanceof Adrift ? error.fault : error;
    await wait(100 * (breaks + 1), undefined, { signal });
    return hasBlob(repository, piece, signal);
  }

  async function putSmall(into: Into, open: Open, { mount, found }: Putting) {
    for (let breaks = 0; ; breaks += 1) {
      try {
        const location = await steps.begin(into, mount);
        if (!location) return "mounted";
        found(0);
        const chunks: Buffer[] = [];
        for await (const chunk of (await open(0)) as AsyncIterable<Buffer>) chunks.push(chunk);
        await steps.finish(into, location, Buffer.concat(chunks));
        return "sent";
      } catch (error) {
        if (await isThere(into, error, breaks)) return "sent";
      }
    }
  }

  async function putLarge(into: Into, open: Open, { mount, begun, note, found }: Putting) {
    const { size } = into.piece;
    let location = begun && onEndpoint(exchange.endpoint, begun.location, exchange.at("/v2/"));
    let [breaks, reached] = [0, 0];
    for (;;) {
      try {
        const known = location && (await steps.stands(into, location));
        const standing = known && known.offset <= size ? known : undefined;
        location = standing?.location ?? (await steps.begin(into, mount));
        if (!location) return "mounted";
        await note({ location: location.href });
        const offset = standing?.offset ?? 0;
        if (offset > reached) [breaks, reached] = [0, offset];
        found(offset);
        if (offset < size) {
          location = await steps.append(into, location, await open(offset), offset);
          await note({ location: location.href });
        }
        await steps.finish(into, location);
        return "sent";
      } catch (error) {
        const isWrong = error instanceof Fault && error.code === "DIGEST_INVALID" && reached > 0;
        if (!isWrong && (await isThere(into, error, breaks))) return "sent";
        breaks += 1;
        // What was there from before is not what belongs there, or cannot be told.
        if (isWrong || (error instanceof Adrift && breaks > 2)) [location, reached] = [undefined, 0];
      }
    }
  }

  return {
    async putBlob(repository, piece, open, about) {
      const { signal } = about;
      const mount = about.mount ?? (await holder(repository, piece, signal));
      const put = piece.size <= small ? putSmall : putLarge;
      return put({ repository, piece, signal }, open, { ...about, mount });
    },
  };
}
