/**
 * Does the work for each, so many at once. After one has failed no more are begun; those under way are waited for before
 * its error is thrown.
 */
export async function sideBySide<T>(
  items: Iterable<T>,
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed = false;
  async function lane(): Promise<void> {
    for (let next = left.next(); !next.done && !failed; next = left.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: most }, lane));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}
