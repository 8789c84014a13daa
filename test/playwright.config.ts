import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";

const at = (path: string): string => join(import.meta.dirname, path);

export default defineConfig({
  // One screen, one engine, one application at a time.
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: { testIdAttribute: "data-test" },
  outputDir: at("../test-results/playwright"),
  reporter: [["list"], ["json", { outputFile: at("../test-results/playwright.json") }]],
  projects: ["desktop", "web"]
    .filter((name) => existsSync(at(name)))
    .map((name) => ({ name, testDir: at(name), testMatch: "**/*.spec.ts" })),
});
