import type { SequenceDocument } from "./collections.ts";
import type { Collection } from "./documents.ts";

/** Numbers by name, from 1, of which none is ever given out twice; a restart may skip some. */
export interface Sequence {
  next(name: string): Promise<number>;
}

const block = 100;

/** Takes a hundred numbers with one write, so a push need not wait for the disk to get its ids. */
export function createSequence(collection: Collection<SequenceDocument>): Sequence {
  const taken = new Map<string, { next: number; end: number }>();
  const taking = new Map<string, Promise<void>>();

  async function take(name: string): Promise<void> {
    const from = (await collection.get(name))?.value ?? 0;
    await collection.put({ name, value: from + block });
    taken.set(name, { next: from + 1, end: from + block });
  }

  return {
    async next(name) {
      for (;;) {
        const range = taken.get(name);
        if (range && range.next <= range.end) return range.next++;
        let more = taking.get(name);
        if (!more) {
          more = take(name).finally(() => taking.delete(name));
          taking.set(name, more);
        }
        await more;
      }
    },
  };
}
