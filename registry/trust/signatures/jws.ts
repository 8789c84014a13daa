import { type Algorithm, type Envelope, readHeaders } from "./envelope.ts";
import { flaw, fromBase64, fromBase64Url, parseFields, toFields, toText } from "./flaws.ts";
import { longestChain } from "./limits.ts";

export const jwsType = "application/jose+json";

const algorithms: readonly string[] = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

/** Reads notation's JSON form. Throws a flaw. RFC 7515 7.2.2; Notary Project, signature-envelope-jws.md. */
export function parseJws(bytes: Buffer): Envelope {
  const fields = parseFields(bytes, "the envelope");
  const header = toFields(fields["header"], "the envelope's header");
  const guarded = parseFields(
    fromBase64Url(fields["protected"], "the protected header"),
    "the protected header",
  );
  // RFC 7515 4: the same name must not be in both.
  const twice = Object.keys(header).find((name) => Object.hasOwn(guarded, name));
  if (twice !== undefined) throw flaw(`the header ${twice.slice(0, 100)} is there twice`);
  const { alg } = guarded;
  if (!isAlgorithm(alg)) throw flaw("the signature algorithm is none of notation's");
  const headers = readHeaders({
    contentType: guarded["cty"],
    critical: guarded["crit"],
    get: (name) => (Object.hasOwn(guarded, name) ? guarded[name] : undefined),
    timeOf,
  });
  const agent = header["io.cncf.notary.signingAgent"];
  return {
    algorithm: alg,
    headers,
    payload: fromBase64Url(fields["payload"], "the payload"),
    signed: Buffer.from(`${String(fields["protected"])}.${String(fields["payload"])}`),
    signature: fromBase64Url(fields["signature"], "the signature"),
    chain: chainOf(header["x5c"]),
    agent: typeof agent === "string" ? agent : undefined,
  };
}

function isAlgorithm(value: unknown): value is Algorithm {
  return typeof value === "string" && algorithms.includes(value);
}

function chainOf(value: unknown): Buffer[] {
  if (!Array.isArray(value) || value.length === 0) throw flaw("the envelope has no certificates");
  if (value.length > longestChain) throw flaw(`the envelope has more than ${longestChain} certificates`);
  return value.map((entry) => fromBase64(entry, "a certificate"));
}

function timeOf(value: unknown, what: string): Date {
  const text = toText(value, what);
  const time = new Date(text);
  const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  if (!written || Number.isNaN(time.getTime())) throw flaw(`${what} is not a time of RFC 3339`);
  return time;
}
