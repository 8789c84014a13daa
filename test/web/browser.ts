import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import type { RegistryConfig } from "../../registry/config.ts";
import { startBerth, type Berth } from "../harness.ts";
import { part } from "../parts.ts";

export const root = join(import.meta.dirname, "../..");
const pages = join(root, "out/renderer");

const chromium = part("chromium");
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** What `test.use` needs to open the machine's own Chromium. */
export const inChromium = {
  launchOptions: {
    ...(chromium === undefined ? {} : { executablePath: chromium }),
    args: ["--no-sandbox", "--disable-gpu", ...quiet],
  },
  locale: "en-GB",
  permissions: ["clipboard-read", "clipboard-write"],
  viewport: { width: 1280, height: 860 },
};

/** Why the pages cannot be opened here, if they cannot. */
export function absent(): string | undefined {
  if (chromium === undefined) return "chromium is missing";
  return existsSync(join(pages, "index.html")) ? undefined : "the pages are not built: npm run build";
}

/** A registry that serves the built pages. */
export function startSite(options: Partial<RegistryConfig> = {}): Promise<Berth> {
  return startBerth({ ...options, pages });
}

/** Signs in on the page, as a person does. */
export async function signIn(page: Page, berth: Berth, { name, password } = berth.admin): Promise<void> {
  await page.goto(`${berth.url}/sign-in`);
  await page.getByTestId("sign-in-name").fill(name);
  await page.getByTestId("sign-in-password").fill(password);
  await page.getByTestId("sign-in-submit").click();
  await expect(page.getByTestId("user-menu")).toContainText(name);
}

/** What the browser complains of: errors on its console, and whatever the security policy had to forbid. */
export async function complaintsOf(page: Page): Promise<string[]> {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // Asking who is signed in is answered 401 while nobody is.
    if (message.type() === "error" && !message.text().includes("401")) complaints.push(message.text());
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (violation) => {
      console.error(`forbidden: ${violation.violatedDirective} ${violation.blockedURI} ${violation.sample}`);
    });
  });
  return complaints;
}
