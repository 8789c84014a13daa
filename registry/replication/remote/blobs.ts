import { Readable } from "node:stream";
import { Fault } from "../../contract/fault.ts";
import type { Side } from "../side.ts";
import { slow } from "./bodies.ts";
import { drop, type Answer } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { pullScope } from "./manifests.ts";
import { Broken, toTrouble } from "./troubles.ts";

/** Bytes that must come in the time after which silence counts as an end: who sends less is as good as silent. */
const least = 16 * 1024;

/** Blobs of another registry. end-2, end-10 */
export function createBlobs(exchange: Exchange, silence: number): Pick<Side, "blob" | "hasBlob"> {
  const { name } = exchange.endpoint;
  const urlOf = (repository: string, digest: string): URL => exchange.at(`/v2/${repository}/blobs/${digest}`);

  return {
    async hasBlob(repository, { digest }, signal) {
      const asking = { as: [pullScope(repository)], redirects: true, signal };
      const answer = await exchange.ask("HEAD", urlOf(repository, digest), asking);
      if (answer.status !== 200 && answer.status !== 404)
        throw await exchange.refusal(`tell of ${digest} in ${repository}`, answer);
      await drop(answer);
      return answer.status === 200;
    },

    async blob(repository, { digest, size }, from, signal) {
      // What is compressed on the way has other bytes, and no offsets.
      const headers: Record<string, string> = { "accept-encoding": "identity" };
      if (from > 0) headers.range = `bytes=${from}-`;
      const asking = { as: [pullScope(repository)], headers, redirects: true, signal };
      const answer = await exchange.ask("GET", urlOf(repository, digest), asking);
      const begins = beginOf(answer, from);
      if (begins === undefined) throw await exchange.refusal(`give ${digest} of ${repository}`, answer);
      const length = answer.header("content-length");
      if (length !== undefined && Number(length) !== size - begins) {
        answer.body.destroy();
        throw new Fault(
          "SIZE_INVALID",
          `${name} gives ${length} bytes for ${digest}, of which its manifest says ${size - begins}`,
        );
      }
      const told = { skipped: from - begins, size: size - begins, digest, silence, name };
      const bytes = Readable.from(steady(answer, told), {
        objectMode: false,
        highWaterMark: 256 * 1024,
      });
      bytes.once("close", () => answer.body.destroy());
      return bytes;
    },
  };
}

/** Where the bytes of an answer begin: at the place asked for, or at 0 if ranges are not known there. */
function beginOf({ status, header }: Answer, from: number): number | undefined {
  if (status === 200) return 0;
  if (status !== 206) return undefined;
  const [, start] = /^bytes (\d{1,15})-\d+\/(?:\d+|\*)$/.exec(header("content-range") ?? "") ?? [];
  return Number(start) === from ? from : undefined;
}

interface Told {
  skipped: number;
  /** Bytes that it must have, those that are skipped with them. */
  size: number;
  digest: string;
  silence: number;
  name: string;
}

/** The bytes of an answer, but for the first so many. Fails when they trickle; waiting for whoever takes them does not count. */
async function* steady({ body, header }: Answer, { skipped, size, digest, silence, name }: Told) {
  let [total, waited, came] = [0, 0, 0];
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const asked = Date.now();
      const { done, value } = (await chunks.next()) as IteratorResult<Buffer, undefined>;
      if (done) break;
      waited += Date.now() - asked;
      came += value.length;
      if (waited > silence) {
        if (came < least) throw slow();
        [waited, came] = [0, 0];
      }
      const before = Math.max(skipped - total, 0);
      total += value.length;
      if (before < value.length) yield before > 0 ? value.subarray(before) : value;
    }
  } catch (error) {
    throw toTrouble(error, name);
  }
  // In pieces an answer says when it ends; without them a broken connection looks the same.
  const short = `${name} ended ${digest} after ${total} of ${size} bytes`;
  if (total < size) throw header("transfer-encoding") ? new Fault("SIZE_INVALID", short) : new Broken(short);
}
