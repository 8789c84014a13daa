import type { Readable } from "node:stream";
import { Fault } from "../../contract/fault.ts";
import type { Piece } from "../side.ts";
import { drop, type Answer } from "./connection.ts";
import { onEndpoint } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";
import { pullScope, pushScope } from "./manifests.ts";
import { Broken } from "./troubles.ts";

/** The blob that an upload is to become, and where. */
export interface Into {
  repository: string;
  piece: Piece;
  signal: AbortSignal;
}

export interface Steps {
  /** Where to send it to; `undefined` when it was taken over from the repository `mount`. */
  begin(into: Into, mount: string | undefined): Promise<URL | undefined>;
  /** Where the upload stands and goes on; `undefined` when there is nothing to go on with. */
  stands(into: Into, location: URL): Promise<{ location: URL; offset: number } | undefined>;
  /** Sends the rest of the bytes, and answers where it goes on. Throws `Adrift`. */
  append(into: Into, location: URL, bytes: Readable, offset: number): Promise<URL>;
  /** Ends it as the blob, with its last bytes. Throws `Adrift`, `DIGEST_INVALID`. */
  finish(into: Into, location: URL, bytes?: Buffer): Promise<void>;
}

/** An upload that does not stand where it was thought to: what it had may be asked for, or it is begun anew. */
export class Adrift extends Broken {
  /** What it is when that does not help. */
  readonly fault: Error;

  constructor(fault: Error) {
    super(fault.message);
    this.fault = fault;
  }
}

const octets = { "content-type": "application/octet-stream" };
const adrift = [400, 401, 404, 416];

/** The requests of an upload, one by one. end-4, end-5, end-6, end-11, end-13 */
export function createUploadSteps(exchange: Exchange, patience: number): Steps {
  const { name } = exchange.endpoint;

  async function post({ repository, signal }: Into, url: URL, scopes: readonly string[]) {
    const answer = await exchange.ask("POST", url, { as: scopes, body: Buffer.alloc(0), signal });
    if (answer.status !== 201 && answer.status !== 202)
      throw await exchange.refusal(`take a blob into ${repository}`, answer);
    await drop(answer);
    return answer.status === 201 ? undefined : locationOf(answer);
  }

  async function beginPlain(into: Into, url: URL): Promise<URL> {
    const location = await post(into, url, [pushScope(into.repository)]);
    if (location) return location;
    throw new Fault("BAD_REQUEST", `${name} says that it has a blob before it was sent`);
  }

  const locationOf = (answer: Answer): URL =>
    onEndpoint(exchange.endpoint, answer.header("location"), answer.url);

  return {
    async begin(into, mount) {
      const { repository, piece } = into;
      const url = exchange.at(`/v2/${repository}/blobs/uploads/`);
      if (mount === undefined || mount === repository) return beginPlain(into, url);
      const mounting = new URL(url);
      mounting.search = new URLSearchParams({ mount: piece.digest, from: mount }).toString();
      try {
        return await post(into, mounting, [pushScope(repository), pullScope(mount)]);
      } catch (error) {
        // It may not read there: no reason not to be sent the bytes.
        if (error instanceof Fault) return beginPlain(into, url);
        throw error;
      }
    },

    async stands({ repository, signal }, location) {
      const answer = await exchange.ask("GET", location, { as: [pushScope(repository)], signal });
      if (answer.status >= 500 || answer.status === 429)
        throw await exchange.refusal(`tell how far a blob of ${repository} is`, answer);
      await drop(answer);
      const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.header("range") ?? "") ?? [];
      // `0-0` is said of one byte and of none.
      if (answer.status >= 300 || last === undefined || last === "0") return undefined;
      const moved = answer.header("location") === undefined ? location : locationOf(answer);
      return { location: moved, offset: Number(last) + 1 };
    },

    async append({ repository, piece, signal }, location, bytes, offset) {
      const headers: Record<string, string> = { ...octets, "content-length": String(piece.size - offset) };
      if (offset > 0) headers["content-range"] = `${offset}-${piece.size - 1}`;
      try {
        const asking = { as: [pushScope(repository)], headers, body: bytes, patience, signal };
        const answer = await exchange.ask("PATCH", location, asking);
        if (answer.status !== 202 && answer.status !== 204) {
          const error = await exchange.refusal(`take a blob into ${repository}`, answer);
          throw adrift.includes(answer.status) ? new Adrift(error) : error;
        }
        await drop(answer);
        return answer.header("location") === undefined ? location : locationOf(answer);
      } finally {
        bytes.destroy();
      }
    },

    async finish({ repository, piece, signal }, location, bytes = Buffer.alloc(0)) {
      const url = new URL(location);
      // Appended as text, so that what the other side has put into its own query stays as it was.
      url.search += `${url.search === "" ? "?" : "&"}digest=${encodeURIComponent(piece.digest)}`;
      const as = [pushScope(repository)];
      const asking = { as, headers: octets, body: bytes, once: true, patience, signal };
      const answer = await exchange.ask("PUT", url, asking);
      if (answer.status < 200 || answer.status > 204) {
        const error = await exchange.refusal(`keep ${piece.digest} in ${repository}`, answer);
        const isWrong = error instanceof Fault && error.code === "DIGEST_INVALID";
        throw adrift.includes(answer.status) && !isWrong ? new Adrift(error) : error;
      }
      await drop(answer);
      const said = answer.header("docker-content-digest");
      if (said !== undefined && said !== piece.digest)
        throw new Fault(
          "DIGEST_INVALID",
          `${name} says that it has kept ${said.slice(0, 200)} for ${piece.digest}`,
        );
    },
  };
}
