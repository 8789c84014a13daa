/** The image, or index, whose signatures are asked for. `size` is in bytes. */
export interface Subject {
  digest: string;
  media_type: string;
  size: number;
}

/** A key or certificate, PEM, whose signatures a project believes. */
export interface Trusted {
  id: string;
  /** As the project's administrator calls it. */
  name: string;
  kind: "cosign-key" | "notation-certificate";
  pem: string;
}

/** Where a signature's bytes come from: one repository. Whatever it hands out is checked against its digest. */
export interface SignatureSource {
  /** Digests of the manifests whose `subject` that is, at most `limit` of them. */
  referrers(subject: string, limit: number): Promise<string[]>;
  /** The digest that a tag names. */
  tagged(tag: string): Promise<string | undefined>;
  /** `undefined` when it is not there, or has more than `largest` bytes. */
  manifest(digest: string, largest: number): Promise<Uint8Array | undefined>;
  /** `undefined` when it is not there, or has more than `largest` bytes. */
  blob(digest: string, largest: number): Promise<Uint8Array | undefined>;
}

/** How a signature is kept: by cosign's tag, or as a manifest that names its subject. */
export type Format = "cosign-tag" | "cosign-referrer" | "cosign-bundle" | "notation-jws" | "notation-cose";

/**
 * - `verified`: whole, of this subject, and by a signer whom the project trusts
 * - `untrusted`: by nobody whom the project trusts
 * - `expired`: by a signer whom the project trusts, but too late, or too early, to count
 * - `broken`: malformed, changed, incomplete, or of another subject
 */
export type Verdict = "verified" | "untrusted" | "expired" | "broken";

/** What one signature turned out to be. */
export interface Finding {
  verdict: Verdict;
  /** A sentence, without a stop. */
  reason: string;
  /** The trusted key's name, the certificate's subject, or what else is known. */
  signer: string;
  /** Which of the trusted vouches for it, also when it has expired. */
  trusted_by?: string;
  /** When it was made as its maker says, RFC 3339. Nobody else vouches for it. */
  time?: string;
  /** When it stops to count, RFC 3339. */
  expires?: string;
  /** What the signer wrote beside; only as good as the verdict. */
  claims: Record<string, string>;
}

export interface Signature extends Finding {
  kind: "cosign" | "notation";
  format: Format;
  /** Of the manifest that carries it. */
  digest: string;
  /** Of the layer that it is in; of one manifest there may be several by cosign. */
  layer: string;
}

export interface Signatures {
  signatures: Signature[];
  /** False when there was more than is looked at, or a manifest could not be read: one more signature may be there. */
  complete: boolean;
}
