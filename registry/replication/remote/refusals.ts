import { Fault, faultOf, type FaultCode } from "../../contract/fault.ts";
import { Again } from "../../jobs/job.ts";
import { bytesOf, limits } from "./bodies.ts";
import type { Answer } from "./connection.ts";

const codes: Readonly<Record<number, FaultCode>> = {
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "UNSUPPORTED",
  409: "CONFLICT",
  412: "PRECONDITION",
  413: "REQUEST_ENTITY_TOO_LARGE",
  422: "UNPROCESSABLE_ENTITY",
};

/** Milliseconds; who asks to wait longer is asked again earlier. */
const longest = 3_600_000;

/**
 * The error that an answer stands for which is not the one hoped for: `Again` where the other side may think otherwise later,
 * else a `Fault` with its reason. `what` is what it was to do: `push library/app:1.0`.
 */
export async function refusal(name: string, what: string, answer: Answer): Promise<Error> {
  const { status } = answer;
  const { reason, code } = await wordsOf(answer);
  const told = reason === "" ? "" : `: ${reason}`;
  const after = delayOf(answer.header("retry-after"));
  const wait = after === undefined ? {} : { after };
  if (status === 429) return new Again(`${name} asks to wait before going on with ${what}${told}`, wait);
  if (status >= 500 || status === 408)
    return new Again(`${name} failed to ${what}, with status ${status}${told}`, wait);
  if (status >= 300 && status < 400)
    return new Fault("BAD_REQUEST", `${name} redirects on ${what}, which is not followed there`);
  if (status < 300)
    return new Fault("BAD_REQUEST", `${name} answers ${status} on ${what}, which means nothing`);
  // Whose rights end here is said by the status alone.
  const own = status === 401 || status === 403 ? undefined : code;
  return new Fault(
    own ?? codes[status] ?? "BAD_REQUEST",
    `${name} refuses to ${what}, with status ${status}${told}`,
  );
}

/** The reason that a refusal gives, as one line of text; empty when it gives none. */
export async function reasonOf(answer: Answer): Promise<string> {
  return (await wordsOf(answer)).reason;
}

interface Words {
  reason: string;
  code?: FaultCode;
}

async function wordsOf(answer: Answer): Promise<Words> {
  try {
    const bytes = await bytesOf(answer, { name: "", limit: limits.refusal, within: 5_000 });
    const text = bytes.toString("utf8");
    if (answer.header("content-type")?.includes("html")) return { reason: "" };
    return toldBy(text) ?? { reason: clean(text) };
  } catch {
    return { reason: "" };
  }
}

/** OCI's and Harbor's error body; a token server has `details` or `message`. */
function toldBy(text: string): Words | undefined {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { errors, message, details } = (told ?? {}) as Record<string, unknown>;
  const [first] = Array.isArray(errors) ? (errors as Record<string, unknown>[]) : [];
  const words = [first?.message, first?.detail, message, details].filter((word) => typeof word === "string");
  const reason = clean([...new Set(words)].join(", "));
  const { code } = faultOf(typeof first?.code === "string" ? { code: first.code as FaultCode } : undefined);
  return { reason, ...(code === "UNKNOWN" ? {} : { code }) };
}

/** It goes into logs and windows. */
function clean(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, 300);
}

/** RFC 9110 10.2.3: seconds, or a date. In milliseconds. */
function delayOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
  const wait = seconds === undefined ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), longest);
}
