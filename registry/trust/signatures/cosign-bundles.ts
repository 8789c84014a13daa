import { parseDigest } from "../../store/digests.ts";
import { assertMessage, parseBundle, type Bundle } from "./bundle.ts";
import { isSignedWith, signerOf, unknownKey } from "./cosign-keys.ts";
import { flaw, toFields, type Fields } from "./flaws.ts";
import { claimsIn } from "./limits.ts";
import { toSigner } from "./names.ts";
import type { Trust } from "./trusted.ts";
import type { Finding, Subject } from "./verdicts.ts";

/** What makes an in-toto statement a signature. Any other says something about the image, and does not stand for it. */
export const signPredicate = "https://sigstore.dev/cosign/sign/v1";

/**
 * Judges a bundle; `undefined` for one that attests something and is no signature. `manifest` is the subject's bytes,
 * which a bundle without a statement signs.
 *
 * Throws a flaw.
 */
export function judgeBundle(
  layer: Buffer,
  subject: Subject,
  trust: Trust,
  manifest: Buffer | undefined,
): Finding | undefined {
  const bundle = parseBundle(layer);
  const { statement } = bundle;
  if (statement) {
    if (statement.fields["predicateType"] !== signPredicate) return undefined;
    const claims = claimsAbout(statement.fields, subject);
    return judge(bundle, statement.signed, claims, trust);
  }
  if (!manifest) throw flaw("it signs the manifest of the image, which is not here");
  assertMessage(layer, manifest);
  return judge(bundle, manifest, {}, trust);
}

function judge(bundle: Bundle, signed: Buffer, claims: Record<string, string>, trust: Trust): Finding {
  const { signature, certificate, hint } = bundle;
  if (certificate && !isSignedWith(certificate.publicKey, signed, signature))
    throw flaw("the signature is not made by the certificate beside it");
  const trusted = signerOf(trust, signed, signature);
  if (trusted) {
    const { id, name } = trusted.by;
    return { verdict: "verified", reason: `made by ${name}`, signer: name, trusted_by: id, claims };
  }
  const named = trust.keys.find((key) => key.hint === hint);
  // cosign's own Ed25519ph cannot be verified, which is no proof that something was changed.
  if (named && named.key.asymmetricKeyType !== "ed25519")
    throw flaw(`it names ${named.by.name} as its key, which did not make it`);
  const unknown = hint === undefined ? "unknown key" : `key ${hint.slice(0, 100)}`;
  return {
    verdict: "untrusted",
    reason: certificate
      ? "made with a certificate, and this project trusts keys of cosign only"
      : unknownKey(trust, signature),
    signer: certificate ? toSigner(certificate) : unknown,
    claims,
  };
}

/** The statement's annotations of this subject. Throws a flaw if it is about others only. in-toto Statement v1 */
function claimsAbout({ _type, subject: list }: Fields, { digest }: Subject): Record<string, string> {
  if (_type !== "https://in-toto.io/Statement/v1" && _type !== "https://in-toto.io/Statement/v0.1")
    throw flaw("the statement is of an unknown version");
  if (!Array.isArray(list)) throw flaw("the statement has no subjects");
  const { algorithm, hex } = parseDigest(digest);
  for (const entry of list) {
    const about = toFields(entry, "the statement's subject");
    const digests = toFields(about["digest"], "the digest of the statement's subject");
    if (digests[algorithm] === hex) return claimsIn({ name: about["name"] }, about["annotations"]);
  }
  throw flaw("it signs another image");
}
