import { Fault } from "../../contract/fault.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Manifest, parseManifest } from "../../oci/media.ts";
import { parseDigest } from "../../store/digests.ts";
import { bundleType } from "./bundle.ts";
import { signPredicate } from "./cosign-bundles.ts";
import { coseType } from "./cose.ts";
import { jwsType } from "./jws.ts";
import { simpleSigning } from "./simple-signing.ts";
import type { Format } from "./verdicts.ts";

/** One signature in a manifest, not yet read. */
export interface Carried {
  format: Format;
  layer: Descriptor;
  /** Whether the manifest says, which nobody vouches for, that it is a signature and nothing else. */
  said: boolean;
}

const notation = "application/vnd.cncf.notary.signature";
const cosignReferrer = "application/vnd.dev.cosign.artifact.sig.v1+json";
const predicateKey = "dev.sigstore.bundle.predicateType";

/** cosign's tag for the signatures of that digest. cosign, SIGNATURE_SPEC.md. */
export function signatureTagOf(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `${algorithm}-${hex}.sig`;
}

/** The signatures of `subject` that a manifest carries; none, if it is something else, or about something else. */
export function carriedIn(bytes: Uint8Array, subject: string, tagged: boolean): Carried[] {
  const manifest = parsed(bytes);
  if (!manifest || manifest.kind !== "image") return [];
  const { layers, annotations } = manifest;
  const about = manifest.subject === subject;
  const type = manifest.artifact_type ?? manifest.config?.media_type;
  const all = (format: Format, found: readonly Descriptor[]): Carried[] =>
    found.map((layer) => ({ format, layer, said: true }));

  if (about && type === notation)
    return all(layers[0]?.media_type === coseType ? "notation-cose" : "notation-jws", layers);
  if (about && type === bundleType) {
    const predicate = annotations[predicateKey];
    // What says that it attests is not even read: provenance can be large, and there can be a lot.
    if (predicate !== undefined && predicate !== signPredicate) return [];
    return all("cosign-bundle", layers).map((one) => ({ ...one, said: predicate === signPredicate }));
  }
  const simple = layers.filter(({ media_type }) => media_type === simpleSigning);
  if (about && type === cosignReferrer) return all("cosign-referrer", simple);
  return tagged ? all("cosign-tag", simple) : [];
}

/** Formats that have one signature to a manifest, and the type of its layer. */
export const onlyLayer: Readonly<Partial<Record<Format, string>>> = {
  "cosign-bundle": bundleType,
  "notation-jws": jwsType,
  "notation-cose": coseType,
};

function parsed(bytes: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(bytes, undefined);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
