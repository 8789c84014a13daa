import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { root } from "./application.ts";

/** What a view looks like, light and dark, for a person to look through; light for the guide too, when it is made anew. */
export async function shots(page: Page, name: string): Promise<void> {
  const folder = join(root, "test-results/shots");
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), timeout: 20_000 });
  }
  await picture(page, name);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** `BERTH_PICTURES=1` makes the pictures of `docs/guide.md` anew. */
export const makesPictures = process.env["BERTH_PICTURES"] === "1";
const inGuide = new Set(["first-start", "projects", "repository", "artifact", "settings", "port-taken"]);

async function picture(page: Page, name: string): Promise<void> {
  if (!makesPictures || !inGuide.has(name)) return;
  await mkdir(join(root, "docs/pictures"), { recursive: true });
  await page.screenshot({ path: join(root, `docs/pictures/${name}.png`) });
}
