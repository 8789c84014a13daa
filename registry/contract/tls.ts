import { z } from "zod";

/** A certificate, as a person compares it. */
const Certificate = z.object({
  /** SHA-256 of its DER: pairs of hex digits with colons between. */
  fingerprint: z.string(),
  not_before: z.string(),
  not_after: z.string(),
});

/** How the registry answers over TLS. */
export const TlsState = z.object({
  /** `host:port`, as docker names it; absent while nothing listens. */
  address: z.string().optional(),
  /** Every `host:port` by which clients may name it; empty while nothing listens. */
  addresses: z.array(z.string()),
  /** Why nothing listens, or why a new pair is not used, in words. */
  trouble: z.string().optional(),
  /** The person's own certificate, not one of Berth's authority. */
  given: z.boolean(),
  /** What the server shows; absent when TLS is off. */
  certificate: Certificate.extend({ names: z.array(z.string()) }).optional(),
  /** What clients are given to trust; absent for the person's own certificate, whose issuer they are to know. */
  authority: Certificate.optional(),
});
export type TlsState = z.output<typeof TlsState>;
