import { Fault } from "../../contract/fault.ts";
import type { Answer } from "./connection.ts";

/** Bytes that the answers of another registry may have. */
export const limits = { token: 2 ** 20, list: 16 * 2 ** 20, manifest: 4 * 2 ** 20, refusal: 64 * 1024 };

interface Reading {
  /** Of the endpoint, for the refusal. */
  name: string;
  limit: number;
  /** Milliseconds that the whole may take: who sends a byte now and then is no better than who sends none. */
  within: number;
}

/** The whole of a small answer. Throws `REQUEST_ENTITY_TOO_LARGE` above the limit, and what the network throws. */
export async function bytesOf({ body, header }: Answer, { name, limit, within }: Reading): Promise<Buffer> {
  const tooLong = new Fault(
    "REQUEST_ENTITY_TOO_LARGE",
    `${name} sends more than the ${limit} bytes that fit`,
  );
  const timer = setTimeout(() => body.destroy(slow()), within);
  try {
    if (Number(header("content-length") ?? 0) > limit) throw tooLong;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLong;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, length);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** Throws `BAD_REQUEST` for what is not JSON, and what `bytesOf` throws. */
export async function jsonOf(answer: Answer, reading: Reading): Promise<unknown> {
  const bytes = await bytesOf(answer, reading);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new Fault(
      "BAD_REQUEST",
      `${reading.name} answers with something else than JSON: is it a registry?`,
    );
  }
}

/** What `troubles` knows as a stall. */
export function slow(): Error {
  return Object.assign(new Error("too slow"), { code: "TOO_SLOW" });
}
