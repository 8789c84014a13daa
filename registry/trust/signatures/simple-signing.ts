import type { Descriptor } from "../../oci/descriptor.ts";
import { certificatesOf } from "../certificates.ts";
import { isSignedWith, signerOf, unknownKey } from "./cosign-keys.ts";
import { flaw, fromBase64, parseFields, toFields } from "./flaws.ts";
import { claimsIn } from "./limits.ts";
import { toSigner } from "./names.ts";
import type { Trust } from "./trusted.ts";
import type { Finding, Subject } from "./verdicts.ts";

export const simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";

const signatureKey = "dev.cosignproject.cosign/signature";
const certificateKey = "dev.sigstore.cosign/certificate";

/**
 * Judges a signature as cosign 1 and 2 make it: the layer names the image, an annotation of the layer signs the layer.
 *
 * Throws a flaw. cosign, SIGNATURE_SPEC.md.
 */
export function judgeSimpleSigning(
  layer: Buffer,
  { annotations = {} }: Descriptor,
  subject: Subject,
  trust: Trust,
): Finding {
  const signature = fromBase64(annotations[signatureKey], "the signature");
  const payload = parseFields(layer, "the payload");
  const critical = toFields(payload["critical"], "the payload's critical part");
  const image = toFields(critical["image"], "the payload's image");
  const identity = toFields(critical["identity"] ?? {}, "the payload's identity");
  if (critical["type"] !== "cosign container image signature") throw flaw("the payload is of another type");
  if (image["docker-manifest-digest"] !== subject.digest) throw flaw("it signs another image");

  const claims = claimsIn({ reference: identity["docker-reference"] }, payload["optional"]);
  const trusted = signerOf(trust, layer, signature);
  if (trusted) {
    const { id, name } = trusted.by;
    return { verdict: "verified", reason: `made by ${name}`, signer: name, trusted_by: id, claims };
  }
  const [certificate] = certificatesOf(Buffer.from(annotations[certificateKey] ?? ""));
  if (certificate && !isSignedWith(certificate.publicKey, layer, signature))
    throw flaw("the signature is not made by the certificate beside it");
  const reason = certificate
    ? "made with a certificate, and this project trusts keys of cosign only"
    : unknownKey(trust, signature);
  return {
    verdict: "untrusted",
    reason,
    signer: certificate ? toSigner(certificate) : "unknown key",
    claims,
  };
}
