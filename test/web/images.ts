import { createHash, randomBytes } from "node:crypto";
import { expect } from "@playwright/test";
import type { Berth } from "../harness.ts";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

const image = "application/vnd.oci.image.manifest.v1+json";
const index = "application/vnd.oci.image.index.v1+json";

/** An image with two layers and all that a configuration may tell, under each of those tags. */
export async function pushImage(berth: Berth, repository: string, ...tags: string[]): Promise<Descriptor> {
  const [base, own] = [await pushBlob(berth, repository, 40_000), await pushBlob(berth, repository, 9_000)];
  const config = await pushConfig(berth, repository, {
    architecture: "amd64",
    os: "linux",
    author: "Ada <ada@example.test>",
    config: {
      Env: ["PATH=/usr/bin:/bin", "APP_ENV=production"],
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["node", "server.js"],
      User: "node",
      WorkingDir: "/srv/app",
      ExposedPorts: { "8080/tcp": {} },
      Labels: { "org.opencontainers.image.source": "https://git.example.test/app" },
    },
    rootfs: { type: "layers", diff_ids: [base.digest, own.digest] },
    history: [
      { created_by: "/bin/sh -c #(nop) ADD file:1a2b in / " },
      { created_by: "ENV APP_ENV=production", empty_layer: true },
      { created_by: "COPY . /srv/app # buildkit" },
    ],
  });
  return pushManifest(berth, repository, tags, { mediaType: image, config, layers: [base, own] });
}

/** An index over these images. */
export async function pushIndex(berth: Berth, repository: string, tag: string, images: Descriptor[]) {
  const architectures = ["amd64", "arm64", "s390x"];
  const manifests = images.map((child, at) => ({
    ...child,
    platform: { os: "linux", architecture: architectures[at] },
  }));
  return pushManifest(berth, repository, [tag], { mediaType: index, manifests });
}

/** A document that refers to an image. */
export async function pushReferrer(berth: Berth, repository: string, subject: Descriptor) {
  const [config, layer] = [await pushConfig(berth, repository, {}), await pushBlob(berth, repository, 500)];
  const artifactType = "application/spdx+json";
  const manifest = { mediaType: image, artifactType, config, layers: [layer], subject };
  return pushManifest(berth, repository, [], manifest);
}

async function pushBlob(berth: Berth, repository: string, size: number): Promise<Descriptor> {
  return keep(berth, repository, "application/vnd.oci.image.layer.v1.tar+gzip", randomBytes(size));
}

async function pushConfig(berth: Berth, repository: string, config: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(config));
  return keep(berth, repository, "application/vnd.oci.image.config.v1+json", bytes);
}

async function keep(berth: Berth, repository: string, mediaType: string, bytes: Buffer): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const begun = await berth.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", berth.url);
  place.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  const kept = await berth.fetch(place.pathname + place.search, {
    method: "PUT",
    headers,
    body: new Uint8Array(bytes),
  });
  expect(kept.status).toBe(201);
  return { mediaType, digest, size: bytes.length };
}

async function pushManifest(
  berth: Berth,
  repository: string,
  tags: string[],
  manifest: { mediaType: string } & Record<string, unknown>,
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest }));
  const digest = digestOf(bytes);
  for (const reference of tags.length > 0 ? tags : [digest]) {
    const headers = { "content-type": manifest.mediaType };
    const path = `/v2/${repository}/manifests/${reference}`;
    const kept = await berth.fetch(path, { method: "PUT", headers, body: new Uint8Array(bytes) });
    expect(kept.status).toBe(201);
  }
  return { mediaType: manifest.mediaType, digest, size: bytes.length };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
