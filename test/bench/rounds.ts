import { spawnSync } from "node:child_process";
import type { Contender } from "./contenders.ts";

/** What was measured of the same work, once a round; both in the same order. */
export interface Pairs {
  berth: number[];
  peer: number[];
}

/**
 * Measures both in turn, Berth first in odd rounds and second in even ones, so that what else the machine does hits both alike.
 * What the round before left to be written is on disk first. `work` answers its figure.
 */
export async function inTurn(
  rounds: number,
  berth: Contender,
  peer: Contender,
  work: (contender: Contender, round: number) => Promise<number>,
): Promise<Pairs> {
  const pairs: Pairs = { berth: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? [berth, peer] : [peer, berth]) {
      spawnSync("sync");
      pairs[contender === berth ? "berth" : "peer"].push(await work(contender, round));
    }
  }
  return pairs;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** The value below which `share` of them lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
