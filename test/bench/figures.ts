import { median, type Pairs } from "./rounds.ts";

/** One line of the table: what was measured, of Berth alone or of both, and what is asked of it. */
export interface Figure {
  title: string;
  unit: string;
  /** Digits behind the point. */
  digits: number;
  berth: number[];
  peer?: number[];
  /** How many times as good as the peer Berth is, one number a round. */
  ratios?: number[];
  bar?: Bar;
}

/** At least as many times as good as the peer, or less of the unit. */
export type Bar = { atLeast: number } | { below: number };

/** Of what was measured in seconds: the size or count that was done in it is the same for both, so less time is better. */
export function bySpeed(title: string, pairs: Pairs, bar?: Bar): Figure {
  return compared({ title, unit: "s", digits: 2, bar }, pairs, (berth, peer) => peer / berth);
}

export function byRate(title: string, pairs: Pairs, bar?: Bar): Figure {
  return compared({ title, unit: "/s", digits: 0, bar }, pairs, (berth, peer) => berth / peer);
}

/** Of what is not set in relation to the peer, whose figures stand beside it all the same. */
export function absolute(
  about: { title: string; unit: string; digits?: number; bar?: Bar },
  pairs: Partial<Pairs>,
): Figure {
  const { berth = [], peer } = pairs;
  return { digits: 0, ...about, berth, ...(peer ? { peer } : {}) };
}

export function isReached({ berth, ratios = [], bar }: Figure): boolean | undefined {
  if (!bar) return undefined;
  return "below" in bar ? median(berth) < bar.below : median(ratios) >= bar.atLeast;
}

/** A GitHub table of all figures: medians, with the least and the most in brackets. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { title, unit, digits, berth, peer, ratios, bar } = figure;
    const reached = isReached(figure);
    return [
      title,
      `${spread(berth, digits)} ${unit}`,
      peer ? `${spread(peer, digits)} ${unit}` : "",
      ratios ? `${spread(ratios, 2)} ×` : "",
      bar ? barText(bar, unit) : "",
      reached === undefined ? "" : verdict(reached),
    ];
  });
  const head = ["", "Berth", "docker-registry", "ratio", "asked", "reached"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function compared(
  { bar, ...about }: Pick<Figure, "title" | "unit" | "digits"> & { bar: Bar | undefined },
  { berth, peer }: Pairs,
  ratioOf: (berth: number, peer: number) => number,
): Figure {
  const ratios = berth.map((value, round) => ratioOf(value, peer[round] ?? NaN));
  return { ...about, berth, peer, ratios, ...(bar ? { bar } : {}) };
}

const barText = (bar: Bar, unit: string): string =>
  "below" in bar ? `< ${bar.below} ${unit}` : `≥ ${bar.atLeast} ×`;

const verdict = (reached: boolean): string => (reached ? "yes" : "**no**");

function spread(values: readonly number[], digits: number): string {
  const written = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    inDigits(value, digits),
  );
  return values.length < 2 ? (written[0] ?? "") : `${written[0]} (${written[1]}–${written[2]})`;
}

const inDigits = (value: number, digits: number): string =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
