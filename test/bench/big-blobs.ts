import { spawn } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { ask, type Answer } from "./requests.ts";
import type { Repository } from "./contenders.ts";

export interface BigBlob {
  path: string;
  digest: string;
  /** Bytes. */
  size: number;
}

/** Makes a file of random bytes, which nothing compresses. */
export async function makeBlob(path: string, size: number): Promise<BigBlob> {
  const cipher = createCipheriv("aes-128-ctr", randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(4 * 2 ** 20);
  const file = await open(path, "w");
  for (let at = 0; at < size; at += zeros.length)
    await file.write(cipher.update(zeros.subarray(0, size - at)));
  await file.close();
  return { path, size, digest: await digestOf(path) };
}

/** Changes its first bytes: a registry that has the old one must still take all of the new one. */
export async function refresh(blob: BigBlob): Promise<BigBlob> {
  const file = await open(blob.path, "r+");
  await file.write(randomBytes(32), 0, 32, 0);
  await file.close();
  return { ...blob, digest: await digestOf(blob.path) };
}

/** Pushes it as docker does: `POST`, the bytes in one streamed `PATCH`, `PUT` with the digest. Throws if any is refused. */
export async function push({ url, headers }: Repository, blob: BigBlob): Promise<void> {
  const opened = await ask(`${url}/blobs/uploads/`, { method: "POST", headers });
  const sent = await curl(locationOf(url, opened), [
    ...["-X", "PATCH", "-T", blob.path, "-D", "-", "-o", "/dev/null", "-H", "Expect:"],
    ...headersOf({ ...headers, "Transfer-Encoding": "chunked", "Content-Type": "application/octet-stream" }),
  ]);
  const location = new URL(/^location: *(\S+)/im.exec(sent)?.[1] ?? "", url);
  location.searchParams.set("digest", blob.digest);
  await ask(location.href, { method: "PUT", headers });
}

/** Pulls a blob as many times at once, each by a process of its own that throws the bytes away. */
export async function pull(
  { owner, url, headers }: Repository,
  blob: BigBlob,
  clients: number,
): Promise<void> {
  const args = ["-o", "/dev/null", "-w", "%{size_download}", ...headersOf(headers)];
  const got = await Promise.all(
    Array.from({ length: clients }, () => curl(`${url}/blobs/${blob.digest}`, args)),
  );
  if (got.some((bytes) => Number(bytes) !== blob.size))
    throw new Error(`${owner.name} sent ${got.join(", ")} bytes`);
}

/** Where an answer sends the client on to, from the address that was asked. */
export function locationOf(url: string, { headers }: Answer): string {
  return new URL(String(headers["location"]), url).href;
}

const headersOf = (headers: Record<string, string>): string[] =>
  Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);

async function curl(url: string, args: string[]): Promise<string> {
  const child = spawn("curl", ["-s", "-S", "-f", ...args, url], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, error] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (error += text.toString()));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`${url}: ${error}`);
  return out;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}
