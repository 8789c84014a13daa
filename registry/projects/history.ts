import { z } from "zod";
import { BuildStep } from "../contract/artifacts.ts";

interface Layer {
  digest: string;
  size: number;
}

const Configuration = z.object({ history: z.array(BuildStep.omit({ size: true, digest: true })).catch([]) });

/**
 * The steps of an image's configuration, each with the layer it made. Layers and steps go in step with each other,
 * but for those steps that changed no file. OCI image spec, "history".
 */
export function buildHistory(configuration: Buffer, layers: readonly Layer[]): BuildStep[] {
  const { history } = Configuration.catch({ history: [] }).parse(toJson(configuration));
  const rest = [...layers];
  const steps = history.map((step) => {
    const layer = step.empty_layer ? undefined : rest.shift();
    return layer ? { ...step, size: layer.size, digest: layer.digest } : step;
  });
  return [...steps, ...rest.map(({ size, digest }) => ({ size, digest }))];
}

function toJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return {};
  }
}
