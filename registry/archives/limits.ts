/**
 * What an archive may hold, so that reading one needs the same memory whatever is in it. An export that would be larger is
 * refused as well: what Berth writes, Berth reads.
 */
export const limits = {
  entries: 100_000,
  /** Bytes of a file that is read as JSON: an index, a manifest. */
  json: 4 * 2 ** 20,
  /** Bytes of all manifests together. */
  manifests: 64 * 2 ** 20,
};
