import { isFields } from "../oci/descriptor.ts";
import { readManifest } from "./manifest-copies.ts";
import { isChosen, platformOf, reduceIndex } from "./platforms.ts";
import type { SideManifest } from "./side.ts";
import type { Copying } from "./transfer.ts";

/** Bytes; a larger configuration does not tell what it is for. */
const largestConfig = 2 ** 20;

/** What of a manifest is of the chosen platforms; `undefined` when nothing is. The log says what was left out. */
export async function narrowTo(
  copying: Copying,
  reference: string,
  manifest: SideManifest,
): Promise<SideManifest | undefined> {
  const { platforms, log } = copying;
  const { kind } = readManifest(manifest);
  if (kind === "image") {
    const platform = await platformOfImage(copying, manifest);
    if (platform === undefined || isChosen(platform, platforms)) return manifest;
    log("info", `${reference} is for ${platform}, which is not chosen: skipped`);
    return undefined;
  }
  const reduced = reduceIndex(manifest, platforms);
  if (!reduced) {
    log("info", `${reference} has nothing for the chosen platforms: skipped`);
    return undefined;
  }
  if (reduced.index.digest !== manifest.digest)
    log(
      "info",
      `${reference} goes without ${reduced.dropped.join(", ")} and so becomes ${reduced.index.digest}: signatures of the whole do not cover it`,
    );
  return reduced.index;
}

/** As its configuration says; `undefined` of what is no image. */
async function platformOfImage(
  { source, from, signal }: Copying,
  manifest: SideManifest,
): Promise<string | undefined> {
  const { config } = readManifest(manifest);
  const isImage =
    config && /^application\/vnd\.(oci\.image\.config|docker\.container\.image)\./.test(config.media_type);
  if (!isImage || config.size > largestConfig) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of (await source.blob(from, config, 0, signal)) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > config.size) return undefined;
    chunks.push(chunk);
  }
  try {
    const told: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return isFields(told) ? platformOf(told) : undefined;
  } catch {
    return undefined;
  }
}
