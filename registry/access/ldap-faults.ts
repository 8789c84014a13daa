import { ResultCodeError } from "ldapts";
import { Fault } from "../contract/fault.ts";

/** Why no connection came about, by Node's code. Names of hosts are left out: who signs in need not know them. */
const unreachable: Record<string, string> = {
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up now",
  ECONNREFUSED: "nothing answers at its port",
  ECONNRESET: "it ended the connection",
  EPIPE: "it ended the connection",
  EHOSTUNREACH: "there is no way to its network",
  ENETUNREACH: "there is no way to its network",
  ETIMEDOUT: "it does not answer",
  CERT_HAS_EXPIRED: "its certificate is not trusted: it has expired",
  CERT_NOT_YET_VALID: "its certificate is not trusted: it is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted: it is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted: its authority is not known here",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is not trusted: its authority is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted: its authority is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted: its authority is not known here",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is not trusted: it is for another name",
};

/** Why it did not do what it was asked, by the result code. RFC 4511 4.1.9 */
const unusable: Record<number, string> = {
  1: "it wants the search account to sign in first",
  2: "it does not understand the request",
  3: "the search takes it too long",
  4: "the search finds more than it may tell",
  7: "it does not take a name and a password",
  8: "it wants an encrypted connection: use ldaps or StartTLS",
  11: "the search finds more than it may tell",
  13: "it wants an encrypted connection: use ldaps or StartTLS",
  32: "there is no entry at the base DN",
  34: "it does not take the base DN for a distinguished name",
  50: "the search account may not search there",
  51: "it is too busy",
  52: "it is out of service",
};

/** Codes that say nothing about the password that was tried. */
const unasked = new Set([1, 2, 3, 7, 8, 11, 13, 51, 52, 80]);

/** Whether a bind failed for the account that was tried, and not because the directory is in trouble. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ResultCodeError && !unasked.has(error.code);
}

/** Whether a name was asked for that the directory does not have, or cannot have. */
export function isAbsence(error: unknown): boolean {
  return error instanceof ResultCodeError && (error.code === 32 || error.code === 34);
}

/** What went wrong with the directory, as `SERVICE_UNAVAILABLE` in words; a fault stays what it is. */
export function toDirectoryFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof ResultCodeError)
    return unhelpful(unusable[error.code] ?? `it answers with error ${error.code}`);
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  if (Object.hasOwn(unreachable, code)) return silent(unreachable[code] ?? "");
  if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) return silent("it does not speak TLS there");
  return silent("it ended the connection");
}

export function silent(reason: string): Fault {
  return new Fault("SERVICE_UNAVAILABLE", `the directory cannot be reached: ${reason}`);
}

export function unhelpful(reason: string): Fault {
  return new Fault("SERVICE_UNAVAILABLE", `the directory cannot be used: ${reason}`);
}
