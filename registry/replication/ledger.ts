/** How far a job is, as `ReplicationTask.progress` tells it. */
export interface Ledger {
  /** A manifest more to copy. */
  item(): void;
  itemDone(): void;
  /** A blob more. */
  blob(size: number): BlobLedger;
}

export interface BlobLedger {
  /** So many of its bytes are on the other side. */
  at(bytes: number): void;
  /** So many more went over. */
  moved(bytes: number): void;
  whole(): void;
}

export function createLedger(report: (numbers: Record<string, number>) => void): Ledger {
  const sums = { total_bytes: 0, done_bytes: 0, sent_bytes: 0, total_items: 0, done_items: 0 };
  function add(changes: Partial<typeof sums>): void {
    for (const [key, by] of Object.entries(changes)) sums[key as keyof typeof sums] += by;
    report({ ...sums });
  }
  return {
    item: () => add({ total_items: 1 }),
    itemDone: () => add({ done_items: 1 }),
    blob(size) {
      let done = 0;
      const at = (bytes: number, sent_bytes = 0): void => {
        const now = Math.min(bytes, size);
        add({ done_bytes: now - done, sent_bytes });
        done = now;
      };
      add({ total_bytes: size });
      return { at: (bytes) => at(bytes), moved: (bytes) => at(done + bytes, bytes), whole: () => at(size) };
    },
  };
}
