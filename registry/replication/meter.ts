import { createHash, type Hash } from "node:crypto";
import { pipeline, Transform, type Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../contract/fault.ts";
import { Broken } from "./remote/troubles.ts";
import type { Piece } from "./side.ts";

/** Waits until so many more bytes may go; `undefined` when they may at once. */
export type Throttle = (bytes: number, signal: AbortSignal) => Promise<void> | undefined;

/** Milliseconds of the limit that may be used up in one go. */
const burst = 250;

/** At most so many bytes a second, over all that asks. */
export function createThrottle(limit: number | undefined): Throttle {
  if (limit === undefined || limit <= 0) return () => undefined;
  let free = 0;
  return (bytes, signal) => {
    const now = performance.now();
    free = Math.max(free, now - burst) + (bytes / limit) * 1000;
    return free > now ? wait(free - now, undefined, { signal }) : undefined;
  };
}

interface Metering {
  piece: Piece;
  /** For refusals: where the bytes come from. */
  name: string;
  /** Whether to hash them here, for the target will only afterwards. */
  verify: boolean;
  throttle: Throttle;
  moved(bytes: number): void;
  signal: AbortSignal;
}

/**
 * Passes the bytes of one blob on, and sees that they are as many as its manifest says and have its digest: the last of them
 * are held back until then. A break fails as `Broken`, and `through` goes on from where the target stands.
 */
export function createMeter({ piece, name, verify, throttle, moved, signal }: Metering) {
  const { digest, size } = piece;
  const algorithm = digest.slice(0, digest.indexOf(":"));
  let hash: Hash | undefined = verify ? createHash(algorithm) : undefined;
  /** What the hash has seen; what is sent again after a break it does not see again. */
  let hashed = 0;

  function take(chunk: Buffer, start: number): void {
    const end = start + chunk.length;
    if (end > size)
      throw new Fault(
        "SIZE_INVALID",
        `${name} gives more bytes for ${digest} than the ${size} of its manifest`,
      );
    if (end > hashed) hash?.update(chunk.subarray(hashed - start));
    hashed = Math.max(hashed, end);
    if (end === size && hash && `${algorithm}:${hash.copy().digest("hex")}` !== digest)
      throw new Fault("DIGEST_INVALID", `${name} gives bytes for ${digest} that have another digest`);
  }

  return {
    through(bytes: Readable, from: number): Readable {
      let at = from;
      // An attempt before this one has sent what comes before, unseen here: the target alone can tell.
      if (from > hashed) hash = undefined;
      const metered = new Transform({
        highWaterMark: 256 * 1024,
        transform(chunk: Buffer, _encoding, done) {
          try {
            take(chunk, at);
          } catch (error) {
            return done(error as Error);
          }
          at += chunk.length;
          moved(chunk.length);
          const pause = throttle(chunk.length, signal);
          if (!pause) return done(null, chunk);
          pause.then(() => done(null, chunk), done);
        },
        flush(done) {
          const short = new Broken(`${name} ended ${digest} after ${at} of ${size} bytes`);
          done(at < size ? short : null);
        },
      });
      pipeline(bytes, metered, () => undefined);
      return metered;
    },
  };
}
