import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { hostPort, isLoopback } from "../addresses.ts";
import { Fault } from "../contract/fault.ts";
import type { Tls } from "../tls/tls.ts";

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

// An honest upload over a slow line takes longer than Node's five minutes; what says nothing is cut by `timeout`.
const limits: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 30_000,
  keepAliveTimeout: 30_000,
  noDelay: true,
};

/** The other address that `localhost` means: who held it would be sent the passwords that are meant for us. */
const partners: Record<string, string> = { "127.0.0.1": "::1", "0.0.0.0": "::1", "::1": "127.0.0.1" };

/**
 * Listens, with `tls` for TLS alone, on a loopback address also on its partner where the machine has it. Throws `CONFLICT` for a port that is taken,
 * in words.
 */
export async function listen(
  handler: RequestListener,
  { host, port }: { host: string; port: number },
  tls?: Tls,
): Promise<Listening> {
  const serverOf = (): Server =>
    tls === undefined ? createServer(limits, handler) : secureServer(handler, tls);
  const wanted = host === "localhost" ? "127.0.0.1" : host;
  const doors = await openDoors(serverOf, wanted, port).catch((error: NodeJS.ErrnoException) => {
    throw inWords(error, host, port);
  });
  const { port: opened } = doors[0];
  return {
    port: opened,
    address: hostPort(isLoopback(host) || host === "0.0.0.0" || host === "::" ? "localhost" : host, opened),
    close: async () => void (await Promise.all(doors.map((door) => door.close()))),
  };
}

type Door = Pick<Listening, "port" | "close">;

async function openDoors(serverOf: () => Server, host: string, port: number): Promise<[Door, ...Door[]]> {
  const door = await openDoor(serverOf(), host, port);
  const { [host]: partner } = partners;
  if (partner === undefined) return [door];
  try {
    return [door, await openDoor(serverOf(), partner, door.port)];
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(code)) return [door];
    await door.close();
    // Of any port that is free, this one was so by half.
    if (code === "EADDRINUSE" && port === 0) return openDoors(serverOf, host, port);
    throw error;
  }
}

async function openDoor(server: Server, host: string, port: number): Promise<Door> {
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

/** Shows what `tls` says, and from the next connection on what it says then. */
function secureServer(handler: RequestListener, tls: Tls): Server {
  const secured = ({ cert, key }: SecureContextOptions): SecureContextOptions => ({
    cert,
    key,
    minVersion: "TLSv1.2",
  });
  const contextOf = ({ named }: Tls["shown"]) => named && createSecureContext(secured(named.pair));
  let further = contextOf(tls.shown);
  const server = createSecureServer(
    {
      ...limits,
      ...secured(tls.shown.pair),
      handshakeTimeout: 15_000,
      SNICallback(name, done) {
        const asked = tls.shown.named?.names.includes(name.toLowerCase()) ? further : undefined;
        done(null, asked);
      },
    },
    handler,
  );
  tls.onChange((shown) => {
    server.setSecureContext(secured(shown.pair));
    further = contextOf(shown);
  });
  return server;
}

function inWords(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE") return new Fault("CONFLICT", `port ${port} is taken by another program`);
  if (error.code === "EACCES")
    return new Fault("FORBIDDEN", `port ${port} is only for the system's own programs`);
  if (error.code === "EADDRNOTAVAIL") return new Fault("BAD_REQUEST", `this machine has no address ${host}`);
  return error;
}
