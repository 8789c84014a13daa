import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP proxy before a registry, which sees every byte and can cut connections. */
export interface Wire {
  url: string;
  /** `PATCH /v2/…` of every request that went through. */
  requests: string[];
  /** Bytes to the registry, and from it. */
  up: number;
  down: number;
  /** Cuts the connection once so many more bytes have gone up, or come down; each call for one cut. */
  cut(after: { up?: number; down?: number }): void;
  /** Refuses every connection, and breaks those there are. */
  off(): Promise<void>;
  on(): Promise<void>;
  /** Of the requests, those of that method whose path holds that text. */
  count(method: string, part?: string): number;
  clear(): void;
  close(): Promise<void>;
}

/** How a Berth is started that is to be reached through a wire. */
export const behindWire = { listen: { host: "127.0.0.2", port: 0 } };

/** A wire before a Berth that was started so: it is then at the address that Berth gives. */
export function wireToBerth({ url }: { url: string }): Promise<Wire> {
  const { port } = new URL(url);
  return wireTo(`http://127.0.0.2:${port}`, Number(port));
}

const line = /(GET|HEAD|POST|PUT|PATCH|DELETE) (\/\S*) HTTP\/1\.1\r\n/g;

/**
 * The wire's own address is 127.0.0.1. A Berth answers to its own port alone: one that listens on 127.0.0.2 is reached through
 * a wire on the same port.
 */
export async function wireTo(target: string, ownPort = 0): Promise<Wire> {
  const { port, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let cuts: { up?: number; down?: number }[] = [];
  let listening = ownPort;

  /** How much of `chunk` may still pass; less than all of it is a cut. */
  function allowed(way: "up" | "down", length: number): number {
    const cut = cuts.find((one) => one[way] !== undefined);
    if (!cut) return length;
    const left = cut[way] ?? 0;
    if (left > length) {
      cut[way] = left - length;
      return length;
    }
    cuts = cuts.filter((one) => one !== cut);
    return left;
  }

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const end = (): void => void (client.destroy(), upstream.destroy());
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", end).on("close", end);
      socket.on("close", () => sockets.delete(socket));
    }
    const pass = (way: "up" | "down", from: Socket, to: Socket) => (chunk: Buffer) => {
      const length = allowed(way, chunk.length);
      const passed = chunk.subarray(0, length);
      wire[way] += passed.length;
      if (way === "up")
        for (const [, method, path] of passed.toString("latin1").matchAll(line))
          wire.requests.push(`${method} ${path}`);
      if (!to.write(passed)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      if (length === chunk.length) return;
      // What has passed arrives; then the line is dead, and nothing comes back.
      from.removeListener("close", end).destroy();
      sockets.delete(from);
      to.end(() => setTimeout(() => to.destroy(), 20));
    };
    client.on("data", pass("up", client, upstream));
    upstream.on("data", pass("down", upstream, client));
  });

  const wire: Wire = {
    url: "",
    requests: [],
    up: 0,
    down: 0,
    cut: (after) => void cuts.push({ ...after }),

    async off() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },

    async on() {
      server.listen(listening, "127.0.0.1");
      await once(server, "listening");
    },

    count: (method, part = "") =>
      wire.requests.filter((request) => request.startsWith(`${method} `) && request.includes(part)).length,

    clear() {
      wire.requests.length = 0;
      cuts = [];
      [wire.up, wire.down] = [0, 0];
    },

    async close() {
      if (server.listening) await wire.off();
    },
  };
  await wire.on();
  listening = (server.address() as AddressInfo).port;
  wire.url = `http://127.0.0.1:${listening}`;
  return wire;
}
