import { createHash } from "node:crypto";
import type { Berth } from "../harness.ts";

/** What tests push, over HTTP as any client does. */

export const imageType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";
export const configType = "application/vnd.oci.image.config.v1+json";
export const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
export const emptyType = "application/vnd.oci.empty.v1+json";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  [field: string]: unknown;
}

export interface Image {
  digest: string;
  /** The manifest's bytes. */
  text: string;
  config: Descriptor;
  layers: Descriptor[];
  descriptor: Descriptor;
}

type As = { name: string; password: string } | null;

export function digestOf(bytes: string | Uint8Array, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

export function describe(mediaType: string, bytes: string | Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: Buffer.byteLength(bytes) };
}

/** The codes of an answer's errors. */
export async function codesOf(response: Response): Promise<string[]> {
  const body = (await response.json()) as { errors: { code: string }[] };
  return body.errors.map((error) => error.code);
}

/** Pushes a blob in one request (end-4b), and answers its digest. */
export async function pushBlob(
  berth: Berth,
  name: string,
  bytes: string | Uint8Array,
  as?: As,
): Promise<string> {
  const digest = digestOf(bytes);
  const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
  const pushed = await berth.fetch(path, {
    method: "POST",
    body: bytes as BodyInit,
    ...(as === undefined ? {} : { as }),
  });
  if (pushed.status !== 201)
    throw new Error(`pushing a blob answered ${pushed.status}: ${await pushed.text()}`);
  return digest;
}

/** Opens an upload (end-4a), and answers its location. */
export async function beginUpload(berth: Berth, name: string, as?: As): Promise<string> {
  const begun = await berth.fetch(`/v2/${name}/blobs/uploads/`, {
    method: "POST",
    ...(as === undefined ? {} : { as }),
  });
  if (begun.status !== 202)
    throw new Error(`opening an upload answered ${begun.status}: ${await begun.text()}`);
  return begun.headers.get("location") ?? "";
}

/** Sends a manifest (end-7), whatever comes of it. */
export function putManifest(
  berth: Berth,
  path: string,
  manifest: object | string | Uint8Array,
  { type = imageType, as }: { type?: string | undefined; as?: As } = {},
): Promise<Response> {
  const body =
    typeof manifest === "string" || manifest instanceof Uint8Array ? manifest : JSON.stringify(manifest);
  const headers = { "content-type": type };
  return berth.fetch(`/v2/${path}`, {
    method: "PUT",
    headers,
    body: body as BodyInit,
    ...(as === undefined ? {} : { as }),
  });
}

/** Pushes the blobs of an image and answers its manifest, not pushed yet. `salt` makes it unlike others. */
export async function prepareImage(
  berth: Berth,
  name: string,
  salt: string,
  more: object = {},
  as?: As,
): Promise<Image> {
  const configuration = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    author: salt,
    config: { Env: ["A=1"] },
  });
  const layer = `layer ${salt}`;
  await pushBlob(berth, name, configuration, as);
  await pushBlob(berth, name, layer, as);
  const config = describe(configType, configuration);
  const layers = [describe(layerType, layer)];
  const text = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers, ...more });
  return { digest: digestOf(text), text, config, layers, descriptor: describe(imageType, text) };
}

/** Pushes an image under a tag, or by its digest. */
export async function pushImage(
  berth: Berth,
  name: string,
  tag: string | undefined,
  salt = "plain",
  more: object = {},
  as?: As,
): Promise<Image> {
  const image = await prepareImage(berth, name, salt, more, as);
  const put = await putManifest(
    berth,
    `${name}/manifests/${tag ?? image.digest}`,
    image.text,
    as === undefined ? {} : { as },
  );
  if (put.status !== 201) throw new Error(`pushing an image answered ${put.status}: ${await put.text()}`);
  return image;
}

/** An index of these images, not pushed yet. */
export function indexOf(images: readonly Image[], more: object = {}): object {
  const manifests = images.map((image) => image.descriptor);
  return { schemaVersion: 2, mediaType: indexType, manifests, ...more };
}
