import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Fault } from "../contract/fault.ts";
import { isLoopback } from "./gate.ts";

export interface Listening {
  port: number;
  /** `host:port`, as docker names images here. */
  address: string;
  /** Takes no more requests, lets those that run finish for some seconds, then cuts them. */
  close(): Promise<void>;
}

/** Milliseconds without a byte after which a connection is given up. */
const idle = 60_000;
const grace = 5_000;

/** The other address that `localhost` means: who held it would be sent the passwords that are meant for us. */
const partners: Record<string, string> = { "127.0.0.1": "::1", "0.0.0.0": "::1", "::1": "127.0.0.1" };

/**
 * Listens, on a loopback address also on its partner where the machine has it. Throws `CONFLICT` for a port that is taken,
 * in words.
 */
export async function listen(
  handler: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const wanted = host === "localhost" ? "127.0.0.1" : host;
  const doors = await openDoors(handler, wanted, port).catch((error: NodeJS.ErrnoException) => {
    throw inWords(error, host, port);
  });
  const { port: opened } = doors[0];
  return {
    port: opened,
    address: `${isLoopback(host) || host === "0.0.0.0" || host === "::" ? "localhost" : host}:${opened}`,
    close: async () => void (await Promise.all(doors.map((door) => door.close()))),
  };
}

type Door = Pick<Listening, "port" | "close">;

async function openDoors(handler: RequestListener, host: string, port: number): Promise<[Door, ...Door[]]> {
  const door = await openDoor(handler, host, port);
  const { [host]: partner } = partners;
  if (partner === undefined) return [door];
  try {
    return [door, await openDoor(handler, partner, door.port)];
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(code)) return [door];
    await door.close();
    // Of any port that is free, this one was so by half.
    if (code === "EADDRINUSE" && port === 0) return openDoors(handler, host, port);
    throw error;
  }
}

async function openDoor(handler: RequestListener, host: string, port: number): Promise<Door> {
  // An honest upload over a slow line takes longer than Node's five minutes; what says nothing is cut by `timeout`.
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 30_000, noDelay: true },
    handler,
  );
  server.timeout = idle;
  server.maxConnections = 4096;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => sockets.forEach((socket) => socket.destroy()), grace);
      await closed;
      clearTimeout(cut);
    },
  };
}

function inWords(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE") return new Fault("CONFLICT", `port ${port} is taken by another program`);
  if (error.code === "EACCES")
    return new Fault("FORBIDDEN", `port ${port} is only for the system's own programs`);
  if (error.code === "EADDRNOTAVAIL") return new Fault("BAD_REQUEST", `this machine has no address ${host}`);
  return error;
}
