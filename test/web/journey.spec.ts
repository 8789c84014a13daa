import { expect, test, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { absent, complaintsOf, inChromium, signIn, startSite } from "./browser.ts";
import { pushImage, pushIndex } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

/** One person's way through the pages in a browser: each test goes on where the one before it ended. */
test.describe.serial("a first project in the browser", () => {
  let berth: Berth;
  let page: Page;
  let complaints: string[];

  test.beforeAll(async ({ browser }) => {
    berth = await startSite();
    page = await browser.newPage(inChromium);
    complaints = await complaintsOf(page);
  });

  test.afterAll(async () => {
    await page?.close();
    await berth?.close();
  });

  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

  test("shows public projects to who has not signed in", async () => {
    await page.goto(berth.url);
    await expect(page.getByTestId("project-row-library")).toBeVisible();
    await expect(page.getByTestId("project-create")).toHaveCount(0);
  });

  test("says in words that a password is wrong, and lets one try again by keyboard alone", async () => {
    await page.getByTestId("user-menu").click();
    await expect(page.getByTestId("sign-in-name")).toBeFocused();
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await expect(page.getByText("The name or the password is not right.")).toBeVisible();
    await page.keyboard.type(berth.admin.password);
    await page.keyboard.press("Enter");
    await expect(page.getByTestId("user-menu")).toContainText("admin");
    await expect(page).toHaveURL(`${berth.url}/projects`);
  });

  test("creates a project, and tells what a name may be while it is typed", async () => {
    await page.getByTestId("project-create").click();
    await expect(page.getByTestId("project-name")).toBeFocused();
    await page.keyboard.type("Shop.");
    await expect(page.getByText("Lower-case letters and digits")).toBeVisible();
    await expect(page.getByTestId("project-save")).toBeDisabled();
    await page.getByTestId("project-name").fill("library");
    await page.keyboard.press("Enter");
    await expect(page.getByText("There is already a project named library.")).toBeVisible();
    await page.getByTestId("project-name").fill("shop.web");
    await page.getByTestId("project-save").click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("shop.web");
  });

  test("teaches an empty project the commands of a first push, with the real address", async () => {
    for (const command of [`docker login ${berth.address}`, `docker push ${berth.address}/shop.web/`]) {
      await expect(page.getByText(command)).toBeVisible();
    }
  });

  test("shows a pushed repository within a second, without a click", async () => {
    await pushImage(berth, "shop.web/team/app", "1.0");
    await expect(page.getByTestId("repository-row-team/app")).toBeVisible({ timeout: 1000 });
  });

  test("shows a tag that is pushed while its repository is open within a second", async () => {
    await page.getByTestId("repository-row-team/app").getByRole("link").click();
    await expect(page.getByTestId("tag-1.0")).toBeVisible();
    await pushImage(berth, "shop.web/team/app", "1.1", "latest");
    await expect(page.getByTestId("tag-latest")).toBeVisible({ timeout: 1000 });
  });

  test("copies the command that pulls, by tag, by digest, and for another client", async () => {
    const pull = page.getByTestId("copy-pull").last();
    await pull.click();
    await expect(page.getByText("Copied")).toBeAttached();
    expect(await copied()).toBe(`docker pull ${berth.address}/shop.web/team/app:1.0`);
    await pull.click({ modifiers: ["Shift"] });
    await expect.poll(copied).toMatch(/^docker pull \S+\/shop\.web\/team\/app@sha256:[0-9a-f]{64}$/);
    await page.getByTestId("pull-client").click();
    await page.getByRole("option", { name: "oras" }).click();
    await pull.click();
    await expect.poll(copied).toBe(`oras pull ${berth.address}/shop.web/team/app:1.0`);
  });

  test("describes a repository", async () => {
    await page.getByTestId("description-edit").click();
    await page.getByTestId("description").fill("The shop’s <b>web</b> application");
    await page.getByTestId("description-save").click();
    await expect(page.getByText("The shop’s <b>web</b> application")).toBeVisible();
  });

  test("finds a repository from anywhere by keyboard", async () => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type("team");
    await expect(page.getByRole("option", { name: "shop.web/team/app" })).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("team/app");
  });

  test("opens an artifact at its own address, again after a reload", async () => {
    await page.getByTestId("tag-1.0").click();
    await expect(page).toHaveURL(`${berth.url}/projects/shop.web/repositories/team/app/-/1.0`);
    await page.reload();
    await page.getByRole("link", { name: "Layers" }).click();
    await expect(page.getByText("ADD file:1a2b in /")).toBeVisible();
    await page.getByRole("link", { name: "Configuration" }).click();
    await expect(page.getByText("docker-entrypoint.sh")).toBeVisible();
    await page.getByRole("link", { name: "team/app" }).click();
  });

  test("leads from an index to the image of each platform", async () => {
    const images = [
      await pushImage(berth, "shop.web/team/app", "amd64"),
      await pushImage(berth, "shop.web/team/app", "arm64"),
    ];
    await pushIndex(berth, "shop.web/team/app", "all", images);
    await page.getByTestId("tag-all").click();
    await expect(page.getByRole("link", { name: "Configuration" })).toHaveCount(0);
    await page.getByRole("link", { name: "linux/arm64" }).click();
    await page.getByRole("link", { name: "Configuration" }).click();
    await expect(page.getByText("docker-entrypoint.sh")).toBeVisible();
    await page.getByRole("link", { name: "team/app" }).click();
  });

  test("deletes one tag and keeps those beside it", async () => {
    await page.getByRole("row").filter({ hasText: "latest" }).getByTestId("remove").click();
    await expect(page.getByRole("dialog")).toContainText("2 tags share this artifact.");
    await page.getByTestId("remove-1.1").click();
    await expect(page.getByRole("dialog")).toContainText("The artifact stays, and so do: latest.");
    await page.getByTestId("confirm").click();
    await expect(page.getByTestId("tag-1.1")).toHaveCount(0);
    await expect(page.getByTestId("tag-latest")).toBeVisible();
  });

  test("says why a project cannot be deleted, and makes it public with a way back", async () => {
    await page.getByRole("link", { name: "shop.web" }).click();
    await page.getByRole("link", { name: "Settings" }).click();
    await expect(page.getByTestId("project-delete")).toBeDisabled();
    await expect(page.getByTestId("delete-refused")).toContainText("cannot be deleted now");
    await page.getByTestId("project-visibility").click();
    await expect(page.getByText("shop.web is public now.")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByText("shop.web is private now.")).toBeVisible();
  });

  test("has a page for what is not there, with a way back", async () => {
    await page.goto(`${berth.url}/projects/nothing-here`);
    await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
    await page.getByRole("button", { name: "Show the projects" }).click();
    await expect(page.getByTestId("project-row-shop.web")).toBeVisible();
  });

  test("remembers language and appearance", async () => {
    await page.getByTestId("language").click();
    await page.getByTestId("language-de").click();
    await page.getByTestId("theme-toggle").click();
    await page.getByTestId("theme-toggle-dark").click();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Projekte" })).toBeVisible();
    await expect(page.locator("html")).toHaveClass(/dark/);
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
  });

  test("signs out, and asks to sign in for what is not public", async () => {
    await page.getByTestId("user-menu").click();
    await page.getByTestId("sign-out").click();
    await expect(page.getByTestId("sign-in-name")).toBeVisible();
    await page.goto(`${berth.url}/projects/shop.web`);
    await expect(page.getByRole("heading", { name: "Dafür bitte anmelden" })).toBeVisible();
    await signIn(page, berth);
  });

  test("did all that without an error, and without anything that its security policy forbids", () => {
    const expected = /status of (400|401|403|404|409|412)/;
    expect(complaints.filter((complaint) => !expected.test(complaint))).toEqual([]);
  });
});
