import { createGate, once } from "./at-once.ts";
import { findElsewhere } from "./elsewhere.ts";
import type { Ledger } from "./ledger.ts";
import { createMeter, createThrottle } from "./meter.ts";
import { placesOf } from "./places.ts";
import type { Piece } from "./side.ts";
import type { Copying } from "./transfer.ts";

/** Blobs of one job that move at the same time. */
const atOnce = 3;

/** Copies the blobs of one job: each once, whatever names it, and none that the target has. */
export function createBlobCopies(copying: Copying, ledger: Ledger) {
  const { source, target, from, to, kept, keep, signal, log } = copying;
  const gate = createGate(atOnce);
  const throttle = createThrottle(copying.limit);
  const places = placesOf(source, target);
  const copied = new Map<string, Promise<void>>();
  let sent = 0;

  async function send(piece: Piece, mount: string | undefined): Promise<void> {
    const { digest, size } = piece;
    const key = `upload ${digest}`;
    const location = kept[key];
    let noted = typeof location === "string";
    const progress = ledger.blob(size);
    const meter = createMeter({
      piece,
      name: source.name,
      verify: !target.near,
      throttle,
      moved: progress.moved,
      signal,
    });
    const how = await target.putBlob(
      to,
      piece,
      async (at) => meter.through(await source.blob(from, piece, at, signal), at),
      {
        mount,
        begun: typeof location === "string" ? { location } : undefined,
        async note(begun) {
          noted = true;
          await keep({ [key]: begun.location });
        },
        found: progress.at,
        signal,
      },
    );
    progress.whole();
    if (noted) await keep({ [key]: null });
    if (how === "sent") sent += 1;
    if (how === "mounted") log("info", `${digest} taken over from ${mount ?? "another repository"} there`);
  }

  async function copy(piece: Piece): Promise<void> {
    signal.throwIfAborted();
    if (await target.hasBlob(to, piece, signal)) {
      places.note(piece.digest, to);
      ledger.blob(piece.size).whole();
      return;
    }
    await places.send(piece.digest, to, signal, async (known) =>
      send(piece, known === undefined || known === to ? await findElsewhere(copying, piece) : known),
    );
  }

  return {
    /** How many blobs' bytes went over. */
    get sent() {
      return sent;
    },

    copy: (piece: Piece): Promise<void> => once(copied, piece.digest, () => gate(() => copy(piece))),
  };
}
