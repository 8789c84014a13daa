/** Milliseconds. */
const second = 1000;
const first = 30 * second;
const longest = 5 * 60 * second;
const longestAsked = 60 * 60 * second;

/** Milliseconds that no wait is longer than: one that seems to be means that the clock was put back. */
export const longestWait = 1.1 * longestAsked;

interface Failing {
  /** Attempts so far, from 1. */
  attempts: number;
  /** Milliseconds that the other side asked to wait. */
  after: number | undefined;
  random: () => number;
}

/**
 * Milliseconds to wait before the next attempt: half a minute at first, doubling to five minutes, an eighth more or less so
 * that jobs that failed together do not come back together. What the other side asks for goes first, up to an hour; one that
 * always asks for nothing is still asked less and less often.
 */
export function waitAfter({ attempts, after, random }: Failing): number {
  const own = Math.min(first * 2 ** Math.min(attempts - 1, 10), longest);
  if (after === undefined || !Number.isFinite(after)) return Math.round(own * (0.875 + random() / 4));
  const asked = Math.min(Math.max(after, own / 10), longestAsked);
  // Never before the time it said.
  return Math.round(asked * (1 + random() / 10));
}
