/** Manifests about one subject that are looked at. */
export const mostReferrers = 500;
/** Signatures of one subject that are verified. */
export const mostSignatures = 50;
/** Bytes of a manifest that carries signatures. */
export const largestCarrier = 2 ** 20;
/** Bytes of one signature: cosign itself reads attestations of that size, signatures are a few kilobytes. */
export const largestSignature = 2 ** 20;
/** Bytes of a subject's manifest, which some bundles sign as it is. */
export const largestSubject = 4 * 2 ** 20;
/** Keys and certificates of one project that are tried. */
export const mostTrusted = 100;
/** Certificates in a chain. */
export const longestChain = 10;

const mostClaims = 20;
const longestClaim = 500;

/** The texts among a signer's claims, as many and as long as a person can be shown. */
export function claimsIn(...sources: unknown[]): Record<string, string> {
  const texts = sources
    .flatMap((source) => (typeof source === "object" && source !== null ? Object.entries(source) : []))
    .filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "")
    .slice(0, mostClaims)
    .map(([name, text]) => [name.slice(0, longestClaim), text.slice(0, longestClaim)]);
  return Object.fromEntries(texts) as Record<string, string>;
}
