interface Deps {
  /** Milliseconds after which it looks at the clock at the latest. */
  every: number;
  now: () => Date;
  /** Does what is due, and tells when there is more to do: milliseconds since 1970, `Infinity` for not that it knew. */
  look: () => number;
}

export interface Ticker {
  start(): void;
  /** Looks no later than then: milliseconds since 1970. */
  by(time: number): void;
  stop(): void;
}

/**
 * Looks at the clock in time for what is due next, and every so often in any case: a timer stands still while the machine
 * sleeps, and knows nothing of a clock that is set.
 */
export function createTicker({ every, now, look }: Deps): Ticker {
  let timer: NodeJS.Timeout | undefined;
  let going = false;
  let at = Infinity;

  function set(time: number): void {
    clearTimeout(timer);
    if (!going) return;
    const wait = Math.min(Math.max(time - now().getTime(), 0), every);
    at = now().getTime() + wait;
    timer = setTimeout(run, wait).unref();
  }

  function run(): void {
    at = Infinity;
    set(look());
  }

  return {
    start() {
      going = true;
      run();
    },
    by(time) {
      if (time < at) set(time);
    },
    stop() {
      going = false;
      clearTimeout(timer);
    },
  };
}
