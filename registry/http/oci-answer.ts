import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Context } from "koa";
import type { Caller } from "../access/caller.ts";
import type { Target } from "./oci-path.ts";

export type Methods = Readonly<
  Record<string, (ctx: Context, target: Target, caller: Caller) => Promise<void>>
>;

/** Bytes up to which a body is written as text. */
const small = 16 * 1024;

/**
 * Writes a whole answer past Koa, which would add a charset to the type, and which is slower: the manifests that are
 * asked for all the time come this way. `HEAD` gets the same headers.
 */
export function send(
  ctx: Context,
  status: number,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
): void {
  ctx.respond = false;
  if (status !== 204) headers["Content-Length"] = body === undefined ? 0 : Buffer.byteLength(body);
  ctx.res.writeHead(status, headers);
  if (ctx.method === "HEAD") ctx.res.end();
  // As text a small body goes out in one piece with its headers, which is faster than behind them.
  else if (Buffer.isBuffer(body) && body.length < small) ctx.res.end(body.toString("latin1"), "latin1");
  else ctx.res.end(body);
}

/**
 * Writes an answer whose body comes piece by piece. `begin` writes the headers, before the first piece; `pour` hands over the
 * pieces, each of which may be changed once the promise it got has settled. Rejects when the client goes.
 */
export async function sendPieces(
  { req, res }: Context,
  begin: () => void,
  pour: (take: (bytes: Buffer) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { socket } = req;
  let fail: ((reason: Error) => void) | undefined;
  // A piece that waits behind another answer on this connection is never heard of again when the connection goes.
  const onClose = (): void => fail?.(gone());
  socket.once("close", onClose);
  try {
    await pour(
      (bytes) =>
        new Promise((resolve, reject) => {
          if (socket.destroyed) return reject(gone());
          fail = reject;
          if (!res.headersSent) begin();
          res.write(bytes, (error) => (error ? reject(error) : resolve()));
        }),
    );
    res.end();
  } finally {
    socket.off("close", onClose);
  }
}

const gone = (): Error => Object.assign(new Error("the client went away"), { code: "ECONNRESET" });

/** Whether the client has these bytes already: a digest never means others. */
export function isKnown(ctx: Context, digest: string): boolean {
  return ctx.headers["if-none-match"]?.includes(`"${digest}"`) ?? false;
}

/** Bytes of a refused body that are read, and milliseconds that they may take. */
const patience = { bytes: 8 * 2 ** 20, milliseconds: 1000 };

/**
 * Reads what is left of a refused request, up to a limit. A connection that is closed on bytes unread is reset, and the
 * reset can overtake the answer that says why.
 */
export async function discard(request: IncomingMessage): Promise<void> {
  if (request.destroyed || (request.complete && request.readableEnded)) return;
  const over = new AbortController();
  let left = patience.bytes;
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) over.abort();
  };
  const end = (): void => over.abort();
  request.on("data", count).once("end", end).once("close", end).once("error", end);
  await wait(patience.milliseconds, undefined, { signal: over.signal }).catch(() => undefined);
  request.off("data", count);
  if (!request.complete) request.pause();
}
