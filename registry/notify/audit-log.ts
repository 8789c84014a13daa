import type { AuditEntry } from "../contract/audit.ts";
import type { Page } from "../contract/reply.ts";
import { createAppender } from "./audit-appender.ts";
import type { Filter } from "./audit-filter.ts";
import { type Deed, entryOf, toEntry } from "./audit-lines.ts";
import { fileOf, linesBackwards, monthsIn } from "./audit-months.ts";
import { purgeBefore } from "./audit-purge.ts";
import { rowOf, titles } from "./audit-table.ts";

export interface AuditLog {
  /** Takes an entry, and never waits nor throws. */
  record(deed: Deed): void;
  /** Entries after the `skip` newest that the filter lets pass; what was recorded before is among them. */
  page(filter: Filter, part: { skip: number; limit: number }): Promise<Page<AuditEntry>>;
  /** The same as CSV, `most` rows at most. */
  table(filter: Filter, most: number): Promise<string>;
  /** Removes what is older than that, RFC 3339 in UTC, and says whether there was any. */
  purge(before: string): Promise<boolean>;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** Lines that are looked at for a total. A list of more is told as longer than its page, and not how long it is. */
const counted = 200_000;

/**
 * The log's files, one for each month. Nothing of them is kept in memory, and nothing is read at the start: a page is looked
 * for from the newest line backwards, until it is full.
 */
export function openAuditLog(folder: string, now: () => Date, failed: (reason: string) => void): AuditLog {
  const appender = createAppender(folder, failed);

  async function* newestFirst(filter: Filter): AsyncGenerator<string[]> {
    await appender.flush();
    for (const month of await monthsIn(folder)) {
      if (filter.month(month)) yield* linesBackwards(fileOf(folder, month));
    }
  }

  return {
    record: (deed) => appender.add(toEntry(deed, now())),

    async page(filter, { skip, limit }) {
      const items: AuditEntry[] = [];
      let [seen, total] = [0, 0];
      for await (const lines of newestFirst(filter)) {
        seen += lines.length;
        if (filter.all && (total + lines.length <= skip || total >= skip + limit)) {
          total += lines.length;
        } else {
          for (const line of lines) {
            if (!filter.passes(line)) continue;
            total += 1;
            const entry = total > skip && total <= skip + limit ? entryOf(line) : undefined;
            if (entry) items.push(entry);
          }
        }
        // One more than the pages so far is enough to say that there is a next one.
        if (seen >= counted && total > skip + limit) break;
      }
      return { items, total };
    },

    async table(filter, most) {
      const parts = [titles];
      let rows = 0;
      for await (const lines of newestFirst(filter)) {
        const entries = lines.filter((line) => filter.passes(line)).flatMap((line) => entryOf(line) ?? []);
        const taken = entries.slice(0, most - rows);
        // Joined part by part: a hundred thousand rows at once would hold up everybody else.
        parts.push(taken.map(rowOf).join(""));
        rows += taken.length;
        if (rows >= most) break;
      }
      return parts.join("");
    },

    purge: (before) => appender.pause(() => purgeBefore(folder, before)),

    close: () => appender.close(),
  };
}
