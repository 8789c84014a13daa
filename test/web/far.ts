import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash, randomBytes } from "node:crypto";
import { expect } from "@playwright/test";
import { startBerth, type Berth } from "../harness.ts";
import { addUser, password } from "../people.ts";

/** The other side of a replication: a second registry with an account that copies into it. */
export interface Far {
  berth: Berth;
  courier: { name: string; password: string; id: number };
  close(): Promise<void>;
}

/** What can be pushed into. */
export type Shore = Pick<Berth, "url" | "fetch">;

export async function startFar(): Promise<Far> {
  const berth = await startBerth();
  const { id } = await addUser(berth, "courier");
  return { berth, courier: { name: "courier", password, id }, close: () => berth.close() };
}

/** An image with one layer of so many bytes. */
export async function pushLarge(
  berth: Shore,
  repository: string,
  tag: string,
  size: number,
): Promise<string> {
  const layer = await keep(berth, repository, randomBytes(size));
  const config = await keep(berth, repository, Buffer.from("{}"));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
  };
  const kept = await berth.fetch(`/v2/${repository}/manifests/${tag}`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: JSON.stringify(manifest),
  });
  expect(kept.status).toBe(201);
  return kept.headers.get("docker-content-digest") ?? "";
}

async function keep(
  berth: Shore,
  repository: string,
  bytes: Buffer,
): Promise<{ digest: string; size: number }> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const begun = await berth.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", berth.url);
  place.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  const body = new Uint8Array(bytes);
  const kept = await berth.fetch(place.pathname + place.search, { method: "PUT", headers, body });
  expect(kept.status).toBe(201);
  return { digest, size: bytes.length };
}

/** The digest that a tag has there; `undefined` without it. */
export async function digestAt(berth: Shore, repository: string, tag: string): Promise<string | undefined> {
  const found = await berth.fetch(`/v2/${repository}/manifests/${tag}`, {
    method: "HEAD",
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  return found.status === 200 ? (found.headers.get("docker-content-digest") ?? undefined) : undefined;
}

/** Something that answers, and is no registry. */
export async function startStranger(): Promise<{ url: string; server: Server }> {
  const server = createServer((_, response) => response.end("hello"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
