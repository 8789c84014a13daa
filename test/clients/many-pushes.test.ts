import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const pushes = 20;
const chunk = 2 ** 20;
const chunks = 256;
const password = "Harbor-12345";
const limit = 400 * 2 ** 20;

// The built server, as it is started headless: its memory is its own, and not that of the test.
const serve = fileURLToPath(new URL("../../out/main/serve.cjs", import.meta.url));

describe.runIf(process.platform === "linux")("many pushes at once", () => {
  let folder: string;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    if (!existsSync(serve)) throw new Error(`there is no ${serve}: run npm run build first`);
    folder = await mkdtemp(join(tmpdir(), "berth-pushes-"));
    const args = [serve, "--data-dir", folder, "--listen", "127.0.0.1:0"];
    const env = { ...process.env, BERTH_ADMIN_PASSWORD: password };
    server = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    url = await ready(server);
  });

  afterAll(async () => {
    if (server?.exitCode === null && server.kill()) await once(server, "exit");
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test(
    `${pushes} layers of ${chunks} MiB at once leave the server under 400 MiB`,
    { timeout: 300_000 },
    async () => {
      const body = randomBytes(chunk);
      const hash = createHash("sha256");
      for (let sent = 1; sent < chunks; sent += 1) hash.update(body);
      // All layers begin alike and end in a chunk of their own, so that no two are one blob.
      const layers = Array.from({ length: pushes }, () => randomBytes(chunk)).map((end) => ({
        digest: `sha256:${hash.copy().update(end).digest("hex")}`,
        *body() {
          for (let sent = 1; sent < chunks; sent += 1) yield body;
          yield end;
        },
      }));

      await Promise.all(layers.map((layer, index) => push(`library/layer-${index}`, layer)));
      for (const [index, { digest }] of layers.entries()) {
        const kept = await send("HEAD", `/v2/library/layer-${index}/blobs/${digest}`);
        expect(kept).toMatchObject({ status: 200, headers: { "content-length": String(chunks * chunk) } });
      }
      expect(await peakMemory(server)).toBeLessThan(limit);
    },
  );

  /** As docker does it: open, stream in one piece of unknown length, close by digest. */
  async function push(repository: string, { digest, body }: { digest: string; body(): Iterable<Buffer> }) {
    const opened = await send("POST", `/v2/${repository}/blobs/uploads/`);
    expect(opened.status).toBe(202);
    const streamed = await send("PATCH", opened.headers.location ?? "", body());
    expect(streamed.status).toBe(202);
    const location = new URL(streamed.headers.location ?? "", url);
    location.searchParams.set("digest", digest);
    expect((await send("PUT", location.href)).status).toBe(201);
  }

  async function send(method: string, path: string, body: Iterable<Buffer> = []) {
    const headers = { "content-type": "application/octet-stream" };
    const asked = request(new URL(path, url), { method, headers, auth: `admin:${password}` });
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    await pipeline(Readable.from(body), asked);
    const [answer] = await answered;
    answer.resume();
    await once(answer, "end");
    return { status: answer.statusCode, headers: answer.headers };
  }
});

/** The address that the server tells once it answers. */
async function ready(server: ChildProcess): Promise<string> {
  if (!server.stdout) throw new Error("the server's output is not read");
  for await (const line of createInterface(server.stdout)) {
    const [, address] = /^berth ready (http:\S+)$/.exec(line) ?? [];
    if (address !== undefined) {
      server.stdout.resume();
      return address;
    }
  }
  throw new Error("the server ended before it was ready");
}

/** Bytes that the process has held at most, as the kernel counts them. */
async function peakMemory({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
