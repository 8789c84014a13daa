/** Trust data of the Notary service. Times are RFC 3339. */

/**
 * One change of a collection's trust data, which is one write, and so happened whole or not at all. A collection is what its
 * changes since its last deletion say.
 */
export interface TrustChangeDocument {
  /** Later changes have larger ones, whatever collection they are of. */
  id: number;
  /** As clients name it: `localhost:5143/library/app`. */
  gun: string;
  project_id: number;
  /** With its project. */
  repository_name: string;
  category: "update" | "deletion";
  /** Of the timestamp that it brought; 0 for a deletion. */
  version: number;
  /** Of that timestamp, in hexadecimal; empty for a deletion. */
  sha256: string;
  /**
   * The metadata it brought, each a blob of that digest: whoever removes blobs that nobody names must count these too.
   * Emptied when the collection is deleted.
   */
  files: { role: string; version: number; sha256: string }[];
  /** Who published; empty for what the server signed anew by itself. */
  username: string;
  creation_time: string;
}

/** A key by which the server signs for one collection. */
export interface TrustKeyDocument {
  keyid: string;
  gun: string;
  project_id: number;
  role: "timestamp" | "snapshot";
  /** DER, in base64. */
  public: string;
  /** The private key, sealed with a key that is among the secrets. */
  sealed: string;
  /** It has signed. */
  used: boolean;
  creation_time: string;
}
