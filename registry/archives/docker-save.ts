import { z } from "zod";
import { Fault } from "../contract/fault.ts";
import { shown } from "./tar-entries.ts";
import { digestOf, type Stage, type Staged } from "./staging.ts";

/** An image that docker saved, with the manifest that was made for it. */
interface SavedImage {
  digest: string;
  media_type: string;
  /** As docker writes them; none for one that was saved by its id. */
  names: string[];
}

/** `manifest.json`, since Docker 1.10. */
const Saved = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).nullish(),
  }),
);

const Configuration = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

/** Image manifest, version 2, schema 2. */
const types = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar",
  packedLayer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

const gzip = "1f8b";

/**
 * The images that `docker save`, `podman save` and others list in `manifest.json`: a configuration and layers, most of them
 * plain tars, for which a manifest is made here, always the same for the same image. It is added to the stage.
 *
 * Throws `BAD_REQUEST`, and `DIGEST_INVALID` when a layer is not the one that the configuration tells.
 */
export function dockerImages(saved: Buffer, stage: Stage): SavedImage[] {
  return read(saved).map(({ Config, Layers, RepoTags }) => {
    const config = locate(stage, Config);
    const layers = (Layers ?? []).map((name) => ({ name, ...locate(stage, name) }));
    assertLayers(config, layers);
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: { mediaType: types.config, size: config.size, digest: config.digest },
      layers: layers.map(({ head, size, digest }) => ({
        mediaType: head.startsWith(gzip) ? types.packedLayer : types.layer,
        size,
        digest,
      })),
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    stage.add({ digest, size: bytes.length, head: "", bytes });
    return { digest, media_type: types.manifest, names: RepoTags ?? [] };
  });
}

function read(saved: Buffer): z.output<typeof Saved> {
  try {
    return Saved.parse(JSON.parse(saved.toString("utf8")));
  } catch {
    throw new Fault("BAD_REQUEST", "manifest.json in the archive is not as docker writes it");
  }
}

function locate(stage: Stage, name: string): Staged {
  const found = stage.file(name.replace(/^\.\//, ""));
  if (found) return found;
  throw new Fault("BAD_REQUEST", `manifest.json in the archive names ${shown(name)}, which is not in it`);
}

/** The configuration tells each layer's digest as a plain tar. */
function assertLayers(config: Staged, layers: readonly (Staged & { name: string })[]): void {
  // A configuration that the project has already was passed over, and checked when it came.
  if (!config.bytes) return;
  const told = diffIdsOf(config.bytes);
  if (told.length !== layers.length) {
    throw new Fault(
      "BAD_REQUEST",
      `an image in the archive has ${layers.length} layers where its configuration tells of ${told.length}`,
    );
  }
  const damaged = layers.find(({ head, digest }, at) => !head.startsWith(gzip) && digest !== told[at]);
  if (damaged) {
    throw new Fault(
      "DIGEST_INVALID",
      `${shown(damaged.name)} in the archive is damaged: its bytes are those of ${damaged.digest}`,
    );
  }
}

function diffIdsOf(bytes: Buffer): string[] {
  try {
    return Configuration.parse(JSON.parse(bytes.toString("utf8"))).rootfs.diff_ids;
  } catch {
    throw new Fault("BAD_REQUEST", "the configuration of an image in the archive cannot be read");
  }
}
