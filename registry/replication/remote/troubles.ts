import { Fault } from "../../contract/fault.ts";
import type { Reachable } from "../../contract/registries.ts";
import { Again } from "../../jobs/job.ts";

/** The connection broke after it had stood: what was under way may be gone on with at once. */
export class Broken extends Again {}

interface Trouble {
  problem: NonNullable<Reachable["problem"]>;
  /** What goes behind `https://registry.example`. */
  message: string;
  /** How it ends: for good, perhaps later, or in the middle of something. */
  then: "fails" | "passes" | "broke";
}

const refused = "refuses the connection";
const known: Readonly<Record<string, Trouble>> = {
  ENOTFOUND: { problem: "name", message: "is a name that is not found", then: "passes" },
  EAI_AGAIN: { problem: "name", message: "is a name that cannot be looked up now", then: "passes" },
  ECONNREFUSED: { problem: "refused", message: refused, then: "passes" },
  EHOSTUNREACH: { problem: "refused", message: "cannot be reached", then: "passes" },
  ENETUNREACH: { problem: "refused", message: "cannot be reached: there is no network", then: "passes" },
  ENETDOWN: { problem: "refused", message: "cannot be reached: there is no network", then: "passes" },
  EADDRNOTAVAIL: { problem: "refused", message: "cannot be reached", then: "passes" },
  ETIMEDOUT: { problem: "timeout", message: "does not answer", then: "passes" },
  UND_ERR_CONNECT_TIMEOUT: { problem: "timeout", message: "does not answer", then: "passes" },
  UND_ERR_HEADERS_TIMEOUT: { problem: "timeout", message: "takes too long to answer", then: "passes" },
  UND_ERR_BODY_TIMEOUT: { problem: "timeout", message: "stopped sending", then: "broke" },
  TOO_SLOW: { problem: "timeout", message: "sends too slowly", then: "passes" },
  ECONNRESET: { problem: "other", message: "broke the connection", then: "broke" },
  ECONNABORTED: { problem: "other", message: "broke the connection", then: "broke" },
  EPIPE: { problem: "other", message: "broke the connection", then: "broke" },
  UND_ERR_SOCKET: { problem: "other", message: "broke the connection", then: "broke" },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { problem: "other", message: "broke the connection", then: "broke" },
  UND_ERR_DESTROYED: { problem: "other", message: "is not in use any more", then: "passes" },
  UND_ERR_CLOSED: { problem: "other", message: "is not in use any more", then: "passes" },
  UND_ERR_HEADERS_OVERFLOW: { problem: "not-a-registry", message: "sends endless headers", then: "fails" },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    problem: "not-a-registry",
    message: "does not speak TLS there: is its address http://?",
    then: "fails",
  },
  CERT_HAS_EXPIRED: { problem: "certificate", message: "has a certificate that has expired", then: "fails" },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    problem: "certificate",
    message: "has a certificate for another name",
    then: "fails",
  },
};

const untrusted =
  "has a certificate that is not trusted: give its authority's certificate, if you know that it is the right one";

/** What is wrong when no answer came; `undefined` for what is no trouble of the network. */
export function troubleOf(error: unknown): Trouble | undefined {
  const { code, message, reason } = factsOf(error);
  if (code === undefined) return undefined;
  const exact = known[code];
  if (exact) return exact;
  if (/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|ERR_TLS_CERT)/.test(code))
    return { problem: "certificate", message: `${untrusted} (${code})`, then: "fails" };
  if (/^ERR_OSSL_(PEM|X509|ASN1)_/.test(code))
    return {
      problem: "certificate",
      message: "cannot be asked: its authority's certificate is no PEM",
      then: "fails",
    };
  if (code === "EPROTO" && /wrong version number/i.test(message)) return known.ERR_SSL_WRONG_VERSION_NUMBER;
  if (/^(EPROTO|ERR_SSL_)/.test(code))
    return { problem: "certificate", message: `does not agree on TLS (${reason ?? code})`, then: "fails" };
  if (code.startsWith("HPE_"))
    return { problem: "not-a-registry", message: "does not speak HTTP there", then: "fails" };
  if (/^(E[A-Z_]+|UND_ERR_\w+)$/.test(code))
    return { problem: "other", message: `cannot be asked (${code})`, then: "passes" };
  return undefined;
}

/** The error as this project says it: `Again`, or a `Fault` where waiting does not help; others stay as they are. */
export function toTrouble(error: unknown, name: string): unknown {
  if (error instanceof Again || error instanceof Fault) return error;
  const trouble = troubleOf(error);
  if (!trouble) return error;
  const message = `${name} ${trouble.message}`;
  if (trouble.then === "broke") return new Broken(message);
  return trouble.then === "passes" ? new Again(message) : new Fault("BAD_REQUEST", message);
}

interface Facts {
  code?: string | undefined;
  message: string;
  reason?: string | undefined;
}

/** Of several addresses that were tried, the first tells. */
function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { message: "" };
  const { code, reason, errors, cause } = error as Error & {
    code?: unknown;
    reason?: unknown;
    errors?: unknown;
  };
  if (typeof code === "string")
    return { code, message: error.message, reason: typeof reason === "string" ? reason : undefined };
  if (Array.isArray(errors)) return factsOf(errors[0]);
  return cause === undefined ? { message: error.message } : factsOf(cause);
}
