import { connect, type Socket } from "node:net";
import type { Berth } from "../harness.ts";

/** Requests byte by byte, for what no HTTP client would send. */

export function portOf(berth: Berth): number {
  return Number(new URL(berth.url).port);
}

/** The `Authorization` line of the administrator, or of someone else. */
export function basic(berth: Berth, { name, password } = berth.admin): string {
  return `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}\r\n`;
}

export function open(berth: Berth): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(portOf(berth), "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Sends these bytes, with HOST replaced by the registry's name, and answers all that comes back until it closes. */
export async function sendRaw(
  berth: Berth,
  request: string,
  { milliseconds = 10_000 } = {},
): Promise<string> {
  const socket = await open(berth);
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString("latin1"));
    };
    const timer = setTimeout(done, milliseconds);
    socket
      .on("data", (chunk) => chunks.push(chunk))
      .on("close", done)
      .on("error", done);
    socket.write(request.replaceAll("HOST", `127.0.0.1:${portOf(berth)}`), "latin1");
  });
}

/** The status of a raw answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}

/** Sends a request's head and a part of its body, and so many milliseconds later breaks the connection. */
export async function breakOff(berth: Berth, head: string, body: Buffer, { after = 5 } = {}): Promise<void> {
  const socket = await open(berth);
  await new Promise<void>((resolve) => {
    socket.on("error", () => undefined).on("close", () => resolve());
    socket.write(head.replaceAll("HOST", `127.0.0.1:${portOf(berth)}`), "latin1");
    if (body.length > 0) socket.write(body);
    setTimeout(() => socket.destroy(), after);
  });
}
