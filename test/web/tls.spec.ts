import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { absent, complaintsOf, inChromium, root, startSite } from "./browser.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

let berth: Berth;
test.beforeAll(async () => {
  berth = await startSite({ tls: { listen: { host: "0.0.0.0", port: 0 } } });
});
test.afterAll(() => berth.close());

for (const locale of ["en", "de"]) {
  test(`the pages work over TLS, and tell how other computers come to trust them, in ${locale}`, async ({
    browser,
  }) => {
    const context = await browser.newContext({ locale, ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const complaints = await complaintsOf(page);
    const url = `https://${berth.tls.address}`;
    await page.goto(`${url}/sign-in?next=/clients`);
    await page.getByTestId("sign-in-name").fill("admin");
    await page.getByTestId("sign-in-password").fill(berth.admin.password);
    await page.getByTestId("sign-in-submit").click();
    await expect(page.getByTestId("tls-facts")).toContainText(hostname().toLowerCase());

    const { authority } = berth.registry.tls();
    await expect(page.getByTestId("tls-facts")).toContainText(authority?.fingerprint ?? "none");
    const others = page.getByTestId("other-machines");
    await expect(others).toContainText(`https://${berth.tls.address}/api/v2.0/systeminfo/getcert`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId("get-certificate").click(),
    ]);
    expect(download.suggestedFilename()).toBe("ca.crt");
    await expect(page.getByTestId("registry-address").first()).toHaveText(berth.tls.address);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: "__Host-sid", secure: true, httpOnly: true, sameSite: "Strict" });

    const folder = join(root, "test-results/shots");
    await mkdir(folder, { recursive: true });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({
        path: join(folder, `web-clients-${locale}-${colorScheme}.png`),
        fullPage: true,
      });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations).toEqual([]);
    }
    // A session over TLS is none without it, though a browser keeps one store of cookies for both ports.
    await page.goto(`${berth.url.replace("127.0.0.1", "localhost")}/account`);
    await expect(page.getByTestId("sign-in-name")).toBeVisible();
    expect(complaints).toEqual([]);
    await context.close();
  });
}
