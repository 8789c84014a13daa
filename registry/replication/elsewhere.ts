import { Fault } from "../contract/fault.ts";
import type { Piece, Side } from "./side.ts";
import type { Copying } from "./transfer.ts";

/** Bytes of a blob from which on it is worth looking whether it is elsewhere on the target. */
const worthLooking = 64 * 1024;
const mostLooked = 5;

/**
 * A repository of the target that has a blob already, as one may guess from who has it on the source: what went the same way
 * before. So after a restart, when nobody remembers, shared layers are still not sent again.
 */
export async function findElsewhere(
  { source, target, from, to, signal }: Copying,
  piece: Piece,
): Promise<string | undefined> {
  if (piece.size < worthLooking || target.near || !source.holders) return undefined;
  const holders = await source.holders(piece.digest);
  const others = holders.filter((holder) => holder !== from).map((holder) => counterpartOf(holder, from, to));
  for (const other of others.slice(0, mostLooked)) {
    if (other !== undefined && other !== to && (await isIn(target, other, piece, signal))) return other;
  }
  return undefined;
}

/** Where `holder` has gone if it went as `from` goes to `to`: what both end with stays, and what is before is replaced. */
function counterpartOf(holder: string, from: string, to: string): string | undefined {
  const [source, destination] = [from.split("/"), to.split("/")];
  while (source.length > 0 && source.at(-1) === destination.at(-1)) {
    source.pop();
    destination.pop();
  }
  const before = source.length === 0 ? "" : `${source.join("/")}/`;
  if (!holder.startsWith(before)) return undefined;
  return [...destination, holder.slice(before.length)].join("/");
}

/** What may not be looked at is not there. */
async function isIn(target: Side, repository: string, piece: Piece, signal: AbortSignal): Promise<boolean> {
  try {
    return await target.hasBlob(repository, piece, signal);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
