import { readFileSync } from "node:fs";
import { DesktopSettings } from "../registry/contract/desktop.ts";
import { writeWhole } from "./write.ts";

export interface Settings {
  get(): DesktopSettings;
  /** Keeps the changed ones, on disk before it answers. */
  change(some: Partial<DesktopSettings>): void;
}

/**
 * What the person at this machine has chosen.
 *
 * A value that is missing or not valid any more is replaced by its default, each for itself, so that one bad
 * line does not lose the data folder's place.
 */
export function openSettings(path: string, defaults: DesktopSettings): Settings {
  let settings = { ...defaults, ...validPartOf(stored(path)) };
  return {
    get: () => settings,
    change(some) {
      settings = DesktopSettings.parse({ ...settings, ...some });
      writeWhole(path, JSON.stringify(settings, undefined, 2));
    },
  };
}

function validPartOf(found: Record<string, unknown>): Partial<DesktopSettings> {
  const valid = Object.entries(DesktopSettings.shape).filter(
    ([key, schema]) => schema.safeParse(found[key]).success,
  );
  return Object.fromEntries(valid.map(([key]) => [key, found[key]]));
}

function stored(path: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(readFileSync(path, "utf8"))) as Record<string, unknown>;
  } catch {
    return {};
  }
}
