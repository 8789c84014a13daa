import { createServer } from "node:net";

/** The next port that nobody listens on; `undefined` when a hundred in a row are taken. */
export async function nextFreePort(host: string, from: number): Promise<number | undefined> {
  for (let port = from; port < Math.min(from + 100, 65_536); port += 1) {
    if (await isFree(host, port)) return port;
  }
  return undefined;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(true)));
  });
}
