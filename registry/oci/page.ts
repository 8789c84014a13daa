/** What a client asks of a sorted list of names: at most `n` of those after `last`. */
export interface Paging {
  n: number;
  last: string | undefined;
}

export interface Page {
  names: string[];
  /** Whether there are names after these. */
  more: boolean;
}

/** `read` answers up to `limit` names, in order, from `from` on and with it. */
export async function pageAfter(
  { n, last }: Paging,
  read: (from: string | undefined, limit: number) => Promise<string[]>,
): Promise<Page> {
  if (n === 0) return { names: [], more: false };
  // One more than asked tells whether there are more, and another stands for `last` itself.
  const found = await read(last, n + 2);
  const after = found.filter((name) => name !== last);
  return { names: after.slice(0, n), more: after.length > n };
}
