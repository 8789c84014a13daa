import { join } from "node:path";
import type { Digest } from "./digests.ts";

/** Every path on disk, in one place. All of it lies in the data folder, which one process owns at a time. */
export function layoutOf(dataDir: string) {
  const blobs = join(dataDir, "blobs");
  const uploads = join(dataDir, "uploads");

  return {
    root: dataDir,
    /** Who owns the folder: `owner.ts`. */
    owner: join(dataDir, "owner.json"),
    /** The version of everything below: `migrations.ts`. */
    version: join(dataDir, "version.json"),
    /** The folder of `nedb.ts`. */
    documents: join(dataDir, "documents"),
    /** Copies that `migrations.ts` makes before it changes anything. */
    copies: join(dataDir, "copies"),
    /** Secrets without a keychain, sealed. */
    secrets: join(dataDir, "secrets.json"),
    /** Of `log.ts`: JSON lines. */
    log: join(dataDir, "logs", "berth.log"),
    /** Logs of jobs, each `<id>.log`: `jobs/job-log.ts`. */
    jobs: join(dataDir, "jobs"),
    /** Who did what: a file of JSON lines for each month, `notify/audit.ts`. */
    audit: join(dataDir, "audit"),
    /** The certificate of Berth's own authority, for clients to trust; its key is among the secrets. */
    authority: join(dataDir, "tls", "ca.crt"),
    /** What was written on this machine so that clients trust it: `tls/written.ts`. */
    clients: join(dataDir, "tls", "clients.json"),
    initialPassword: join(dataDir, "initial-admin-password"),

    blobs,
    algorithms: [join(blobs, "sha256"), join(blobs, "sha512")],
    /** Spread over 256 folders by the first two digits. */
    blobFolder: ({ algorithm, hex }: Digest) => join(blobs, algorithm, hex.slice(0, 2)),
    blob: ({ algorithm, hex }: Digest) => join(blobs, algorithm, hex.slice(0, 2), hex),

    /** Beside the blobs, so that an upload becomes one by a rename. */
    uploads,
    /** A blob that came in one piece, until it is whole. No upload's id begins like this. */
    piece: (id: string) => join(uploads, `_${id}`),
    upload: (id: string) => ({
      folder: join(uploads, id),
      data: join(uploads, id, "data"),
      about: join(uploads, id, "about.json"),
    }),
  };
}

export type Layout = ReturnType<typeof layoutOf>;
