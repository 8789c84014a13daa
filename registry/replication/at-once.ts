/** Lets so many pieces of work run at once; the others wait their turn. */
export function createGate(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/**
 * Does `work` for each item, so many at a time. After one has failed no more are begun; when those under way have ended, its
 * error is thrown.
 */
export async function forEach<T>(
  items: Iterable<T>,
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const errors: unknown[] = [];
  async function run(): Promise<void> {
    for (let next = rest.next(); !next.done && errors.length === 0; next = rest.next()) {
      await work(next.value).catch((error: unknown) => errors.push(error));
    }
  }
  await Promise.all(Array.from({ length: most }, run));
  if (errors.length > 0) throw errors[0];
}

/** Waits for `work`, but no longer than until the signal, whose reason it then throws. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let end: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => (end = () => reject(signal.reason as Error)));
  signal.addEventListener("abort", end);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** The work of that key, begun if nobody has, and forgotten when it fails, so that it may be tried again. */
export function once<T>(known: Map<string, Promise<T>>, key: string, begin: () => Promise<T>): Promise<T> {
  let work = known.get(key);
  if (!work) {
    work = begin();
    known.set(key, work);
    work.catch(() => known.delete(key));
  }
  return work;
}
