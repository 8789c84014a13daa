import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A server that is no directory: takes connections and answers them as a broken or a hostile one would. */
export interface SilentDirectory {
  url: string;
  /** All that was sent to it. */
  received(): string;
  close(): Promise<void>;
}

/** `answer` gets every piece that arrives; without one nothing is ever answered. */
export async function startSilentDirectory(
  answer: (socket: Socket, piece: Buffer) => void = () => undefined,
): Promise<SilentDirectory> {
  const sockets = new Set<Socket>();
  let received = "";
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    socket.on("data", (piece) => {
      received += piece.toString("latin1");
      answer(socket, piece);
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The answer to the first request of a connection, when that is for StartTLS: an extended response. RFC 4511 4.14 */
export function extendedResponse(code: number): Buffer {
  return Buffer.from([0x30, 0x0c, 0x02, 0x01, 0x02, 0x78, 0x07, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00]);
}

/** Somebody on the way to a directory, who adds `slipped` to its first answer and lets everything else through. */
export async function startMeddler(port: number, slipped: Buffer): Promise<SilentDirectory> {
  const ways = new Map<Socket, Socket>();
  const meddler = await startSilentDirectory((socket, piece) => {
    let way = ways.get(socket);
    if (!way) {
      way = connect(port, "127.0.0.1").on("error", () => socket.destroy());
      ways.set(socket, way);
      let first = true;
      way.on("data", (answer) => {
        socket.write(first ? Buffer.concat([answer, slipped]) : answer);
        first = false;
      });
      socket.on("close", () => way?.destroy());
    }
    way.write(piece);
  });
  return meddler;
}

/** A good bind's answer without its end, which takes the next `swallowed` bytes of the conversation for its own. */
export function openBindResponse(id: number, swallowed: number): Buffer {
  const body = [0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, swallowed];
  return Buffer.from([
    0x30,
    5 + body.length + swallowed,
    0x02,
    0x01,
    id,
    0x61,
    body.length + swallowed,
    ...body,
  ]);
}
