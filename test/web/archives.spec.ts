import { readFile, writeFile } from "node:fs/promises";
import { expect, test, type CDPSession, type Page } from "@playwright/test";
import { exportArchive } from "../archives/archive.ts";
import { writeLayout } from "../clients/layout.ts";
import { packed } from "../clients/tar.ts";
import type { Berth } from "../harness.ts";
import { absent, complaintsOf, inChromium, signIn, startSite } from "./browser.ts";
import { pushImage } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

/** A team that moves its images by a stick: out of one browser, into another. */
test.describe.serial("archives in the browser", () => {
  let berth: Berth;
  let page: Page;
  let complaints: string[];

  test.beforeAll(async ({ browser }) => {
    berth = await startSite();
    for (const project_name of ["shop", "moved"]) await berth.client().projects.create({ project_name });
    await pushImage(berth, "shop/app", "1.0", "latest");
    await pushImage(berth, "shop/team/web", "2.0");
    page = await browser.newPage(inChromium);
    complaints = await complaintsOf(page);
    await signIn(page, berth);
  });

  test.afterAll(async () => {
    await page?.close();
    await berth?.close();
  });

  const file = (name: string): string => test.info().outputPath(name);
  const open = async (path: string): Promise<void> => {
    await page.goto(`${berth.url}/projects/${path}`);
    await expect(page.getByTestId("menu-archive")).toBeVisible();
  };
  const choose = (path: string): Promise<void> => page.getByTestId("archive-file").setInputFiles(path);

  /** Slows what the page sends to so many bytes a second; 0 lets it go. */
  async function slow(session: CDPSession, bytes: number): Promise<void> {
    const throughput = bytes === 0 ? -1 : bytes;
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: throughput,
    });
  }

  test("downloads a project, with its size known before, and says that it does", async () => {
    await open("shop");
    await page.getByTestId("menu-archive").click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId("export-archive").click(),
    ]);
    expect(download.suggestedFilename()).toBe("shop.tar");
    await expect(page.getByTestId("notice")).toContainText("The browser downloads shop (");
    const path = file("shop.tar");
    await download.saveAs(path);
    expect(await readFile(path)).toEqual(await exportArchive(berth, "shop"));
  });

  test("downloads one repository from its own page", async () => {
    await open("shop/repositories/team/web");
    await page.getByTestId("menu-archive").click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId("export-archive").click(),
    ]);
    expect(download.suggestedFilename()).toBe("shop-team-web.tar");
    await download.cancel();
  });

  test("takes in an archive that is chosen, and lists what was in it", async () => {
    const path = file("whole.tar");
    await writeFile(path, await exportArchive(berth, "shop"));
    await open("moved");
    await expect(page.getByText("Or drop an archive here")).toBeVisible();
    await choose(path);
    await expect(page.getByTestId("archive-done")).toContainText("2 artifacts are here now.");
    await expect(page.getByTestId("archive-row")).toHaveText([/app\s*1\.0, latest/, /team\/web\s*2\.0/]);
    await page.getByTestId("archive-close").click();
    await expect(page.getByTestId("repository-row-team/web")).toBeVisible();
    await choose(path);
    await expect(page.getByTestId("archive-done")).toContainText("All of it was here already.");
    await page.getByTestId("archive-row").first().getByRole("link").click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("app");
    await expect(page.getByTestId("archive-done")).toHaveCount(0);
  });

  test("takes in a file that is dropped anywhere on the page, and says before where it goes", async () => {
    const path = file("dropped.tar");
    await writeFile(path, await exportArchive(berth, "shop"));
    await berth.client().projects.create({ project_name: "dropped" });
    await open("dropped");
    const session = await page.context().newCDPSession(page);
    const drag = (type: "dragEnter" | "dragOver" | "drop") =>
      session.send("Input.dispatchDragEvent", {
        type,
        x: 600,
        y: 500,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    await drag("dragEnter");
    await drag("dragOver");
    await expect(page.getByTestId("archive-drop")).toContainText("Drop to import into dropped");
    // The driver's own way of leaving tells the page nothing.
    await page.evaluate(() => document.body.dispatchEvent(new DragEvent("dragleave", { bubbles: true })));
    await expect(page.getByTestId("archive-drop")).toHaveCount(0);
    await drag("dragEnter");
    await drag("dragOver");
    await drag("drop");
    await expect(page.getByTestId("archive-done")).toContainText("2 artifacts are here now.");
    await page.getByTestId("archive-close").click();
    await expect(page.getByTestId("repository-row-app")).toBeVisible();
  });

  test("asks for a repository when the archive names none, and takes the same file into it", async () => {
    const { folder } = await writeLayout(file("layout"), "3.0");
    await open("moved");
    await choose(await packed(folder));
    await expect(page.getByTestId("archive-why")).toContainText("names only a tag, 3.0");
    await page.getByTestId("archive-repository").fill("Not a name");
    await expect(page.getByTestId("archive-into")).toBeDisabled();
    await page.getByTestId("archive-repository").fill("named/here");
    await page.getByTestId("archive-into").click();
    await expect(page.getByTestId("archive-row")).toHaveText([/named\/here\s*3\.0/]);
    await page.getByTestId("archive-close").click();
  });

  test("shows how far it is, and is cancelled without a trace", async () => {
    const path = file("large.tar");
    await writeFile(path, Buffer.alloc(4 * 2 ** 20));
    const session = await page.context().newCDPSession(page);
    await slow(session, 1_000_000);
    await open("dropped");
    await choose(path);
    const progress = page.getByTestId("archive-progress");
    await expect(progress).toBeVisible();
    await expect.poll(async () => Number(await progress.getAttribute("aria-valuenow"))).toBeGreaterThan(10);
    await page.getByTestId("archive-cancel").click();
    await expect(progress).toHaveCount(0);
    await slow(session, 0);
  });

  test("says in words what is wrong with a large file that is no archive, though all of it is not sent", async () => {
    const path = file("holiday.zip");
    await writeFile(path, Buffer.concat([Buffer.from("504b0304", "hex"), Buffer.alloc(64 * 2 ** 20)]));
    await choose(path);
    await expect(page.getByTestId("archive-trouble")).toContainText(
      "The file is no tar archive but a zip file.",
    );
    await expect(page.getByText("Nothing of it was kept.")).toBeVisible();
    await page.getByTestId("archive-close").click();
  });

  test("is German where the pages are", async () => {
    await page.getByTestId("language").click();
    await page.getByTestId("language-de").click();
    await page.getByTestId("menu-archive").click();
    await expect(page.getByTestId("import-archive")).toContainText("Archiv importieren");
    await page.keyboard.press("Escape");
    await page.getByTestId("language").click();
    await page.getByTestId("language-en").click();
  });

  test("offers the export alone to who may not push", async () => {
    await berth.client().projects.update({ project_name_or_id: "shop", metadata: { public: "true" } });
    await page.getByTestId("user-menu").click();
    await page.getByTestId("sign-out").click();
    await open("shop");
    await page.getByTestId("menu-archive").click();
    await expect(page.getByTestId("export-archive")).toBeVisible();
    await expect(page.getByTestId("import-archive")).toHaveCount(0);
  });

  test("gives the browser nothing to complain of", () => {
    expect(complaints.filter((text) => !/status of (400|422)|ERR_/.test(text))).toEqual([]);
  });
});
