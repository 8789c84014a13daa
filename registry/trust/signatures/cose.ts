import { type Cbor, parseCbor, toCbor } from "./cbor.ts";
import { type Algorithm, type Envelope, readHeaders } from "./envelope.ts";
import { flaw } from "./flaws.ts";
import { longestChain } from "./limits.ts";

export const coseType = "application/cose";

/** IANA's registry of COSE algorithms. */
const algorithms: ReadonlyMap<Cbor, Algorithm> = new Map<Cbor, Algorithm>([
  [-37, "PS256"],
  [-38, "PS384"],
  [-39, "PS512"],
  [-7, "ES256"],
  [-35, "ES384"],
  [-36, "ES512"],
]);

/** Labels of RFC 9052 3.1 and RFC 9360 2. */
const label = { algorithm: 1, critical: 2, contentType: 3, chain: 33 };

/** Reads notation's binary form, COSE_Sign1. Throws a flaw. RFC 9052 4.2; Notary Project, signature-envelope-cose.md. */
export function parseCose(bytes: Buffer): Envelope {
  const [head, beside, payload, signature] = partsOf(parseCbor(bytes));
  const guarded = toMap(parseCbor(head), "the protected header");
  const open = toMap(beside, "the header");
  const twice = [...open.keys()].some((name) => guarded.has(name));
  if (twice) throw flaw("a header is there twice");
  const algorithm = algorithms.get(guarded.get(label.algorithm) ?? null);
  if (!algorithm) throw flaw("the signature algorithm is none of notation's");
  const headers = readHeaders({
    contentType: guarded.get(label.contentType),
    critical: guarded.get(label.critical),
    get: (name) => guarded.get(name),
    timeOf,
  });
  const agent = open.get("io.cncf.notary.signingAgent");
  return {
    algorithm,
    headers,
    payload,
    signed: toBeSigned(head, payload),
    signature,
    chain: chainOf(open.get(label.chain)),
    agent: typeof agent === "string" ? agent : undefined,
  };
}

function partsOf(value: Cbor): [Buffer, Cbor, Buffer, Buffer] {
  if (!isTagged(value) || value.tag !== 18 || !Array.isArray(value.value) || value.value.length !== 4)
    throw flaw("the envelope is not a COSE_Sign1");
  const [head, beside = null, payload, signature] = value.value;
  if (!Buffer.isBuffer(head) || !Buffer.isBuffer(payload) || !Buffer.isBuffer(signature))
    throw flaw("the envelope is not a COSE_Sign1");
  return [head, beside, payload, signature];
}

/** `["Signature1", protected, external, payload]`, with nothing external. RFC 9052 4.4 */
function toBeSigned(head: Buffer, payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0x84]),
    toCbor("text", Buffer.from("Signature1")),
    toCbor("bytes", head),
    toCbor("bytes", Buffer.alloc(0)),
    toCbor("bytes", payload),
  ]);
}

/** One certificate stands by itself, several in a list. RFC 9360 2 */
function chainOf(value: Cbor | undefined): Buffer[] {
  const list = Array.isArray(value) ? value : [value];
  const chain = list.filter((entry): entry is Buffer => Buffer.isBuffer(entry));
  if (chain.length === 0 || chain.length !== list.length) throw flaw("the envelope has no certificates");
  if (chain.length > longestChain) throw flaw(`the envelope has more than ${longestChain} certificates`);
  return chain;
}

/** Seconds since 1970, under tag 1. RFC 8949 3.4.2 */
function timeOf(value: unknown, what: string): Date {
  const time = value as Cbor | undefined;
  if (time === undefined || !isTagged(time) || time.tag !== 1 || typeof time.value !== "number")
    throw flaw(`${what} is not a time`);
  // Beyond the year 9999 there is no RFC 3339.
  if (time.value < 0 || time.value > 253_402_300_799) throw flaw(`${what} is not a time`);
  return new Date(time.value * 1000);
}

function toMap(value: Cbor, what: string): Map<Cbor, Cbor> {
  if (value instanceof Map) return value;
  throw flaw(`${what} is not a map`);
}

function isTagged(value: Cbor): value is Extract<Cbor, { tag: number }> {
  return typeof value === "object" && value !== null && "tag" in value;
}
