import { Fault } from "../../contract/fault.ts";
import { hexOf, parseDigest } from "../../store/digests.ts";
import { type Carried, carriedIn, onlyLayer, signatureTagOf } from "./carriers.ts";
import { judgeBundle } from "./cosign-bundles.ts";
import { parseCose } from "./cose.ts";
import { flaw } from "./flaws.ts";
import { parseJws } from "./jws.ts";
import { largestCarrier, largestSignature, largestSubject, mostReferrers, mostSignatures } from "./limits.ts";
import { judgeNotation } from "./notation.ts";
import { judgeSimpleSigning } from "./simple-signing.ts";
import { type Trust, trustOf } from "./trusted.ts";
import type { Finding, Signature, Signatures, SignatureSource, Subject, Trusted } from "./verdicts.ts";

export interface Question {
  subject: Subject;
  trusted: readonly Trusted[];
  now: Date;
}

/**
 * Finds the signatures of an image or index by cosign and notation and verifies each, without asking anybody else.
 *
 * Whatever is wrong with a signature is its verdict; only what `source` throws is thrown. Attestations are left out.
 * Throws `DIGEST_INVALID` for a subject's digest that is none.
 */
export async function verifySignatures(source: SignatureSource, question: Question): Promise<Signatures> {
  const { subject } = question;
  const trust = trustOf(question.trusted);
  const tagged = await source.tagged(signatureTagOf(subject.digest));
  const referrers = await source.referrers(subject.digest, mostReferrers + 1);
  const carriers = new Set([...(tagged === undefined ? [] : [tagged]), ...referrers.slice(0, mostReferrers)]);

  const signatures: Signature[] = [];
  let complete = referrers.length <= mostReferrers;
  for (const digest of carriers) {
    const bytes = await readWhole(source, "manifest", { digest, size: largestCarrier });
    if (!bytes) complete = false;
    const carried = bytes ? carriedIn(bytes, subject.digest, digest === tagged) : [];
    for (const one of carried) {
      if (signatures.length === mostSignatures) return { signatures, complete: false };
      const finding = await findingOf(source, one, carried.length, { ...question, trust });
      if (finding) signatures.push({ ...finding, ...idOf(one, digest) });
    }
  }
  return { signatures, complete };
}

function idOf({ format, layer }: Carried, digest: string): Omit<Signature, keyof Finding> {
  const kind = format.startsWith("cosign") ? "cosign" : "notation";
  return { kind, format, digest, layer: layer.digest };
}

async function findingOf(
  source: SignatureSource,
  one: Carried,
  count: number,
  { subject, trust, now }: Question & { trust: Trust },
): Promise<Finding | undefined> {
  const { layer, format } = one;
  const fits = layer.size <= largestSignature;
  const bytes = fits ? await readWhole(source, "blob", layer) : undefined;
  // Only a bundle without a statement needs it, and says so in these words.
  const manifest =
    format === "cosign-bundle" && bytes?.includes('"messageSignature"')
      ? await readWhole(source, "manifest", { digest: subject.digest, size: largestSubject })
      : undefined;
  try {
    const type = onlyLayer[format];
    if (type !== undefined && (count !== 1 || layer.media_type !== type))
      throw flaw("the manifest has not exactly one signature in it");
    if (!fits) throw flaw(`the signature is larger than ${largestSignature} bytes`);
    if (!bytes || bytes.length !== layer.size)
      throw flaw("the signature is not here, or not as it was when it was pushed");
    return judge(one, bytes, { subject, trust, now, manifest });
  } catch (error) {
    // OpenSSL throws at keys and certificates that it cannot read, wherever they are first used; a stranger wrote them.
    const reason = error instanceof Fault ? error.message : "its key or certificate cannot be read";
    return { verdict: "broken", reason, signer: "unknown", claims: {} };
  }
}

function judge(
  { format, layer, said }: Carried,
  bytes: Buffer,
  {
    subject,
    trust,
    now,
    manifest,
  }: { subject: Subject; trust: Trust; now: Date; manifest: Buffer | undefined },
): Finding | undefined {
  if (format === "notation-jws") return judgeNotation(parseJws(bytes), subject, trust, now);
  if (format === "notation-cose") return judgeNotation(parseCose(bytes), subject, trust, now);
  if (format !== "cosign-bundle") return judgeSimpleSigning(bytes, layer, subject, trust);
  const finding = judgeBundle(bytes, subject, trust, manifest);
  if (!finding && said) throw flaw("it says that it is a signature, and is an attestation");
  return finding;
}

/** The bytes of a digest; nothing, when they are not there, too many, or others. `size` is the most that is read. */
async function readWhole(
  source: SignatureSource,
  what: "manifest" | "blob",
  { digest, size }: { digest: string; size: number },
): Promise<Buffer | undefined> {
  const found = await source[what](digest, size);
  if (!found || found.length > size) return undefined;
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  const { algorithm, hex } = parseDigest(digest);
  return hexOf(algorithm, bytes) === hex ? bytes : undefined;
}
