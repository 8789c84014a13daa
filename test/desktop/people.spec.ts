import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium, expect, test, type Browser, type Page } from "@playwright/test";
import { missing, part } from "../parts.ts";
import { begin, chooseSettings, freePort, startApplication, type Application } from "./application.ts";
import { deskParts, openDesk, type Desk } from "./desk.ts";
import { shots } from "./pictures.ts";

/** The administrator at the window, and somebody of the team at a browser, at the same time. */
test.describe.serial("a team", () => {
  const absent = missing([...deskParts, "chromium"]);
  test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

  const password = "Sailor-12345";
  let desk: Desk;
  let port: number;
  let berth: Application;
  let browser: Browser;
  let grace: Page;

  test.beforeAll(async () => {
    test.setTimeout(300_000);
    [desk, port] = await Promise.all([openDesk(), freePort()]);
    await chooseSettings(desk, { port });
    berth = await startApplication(desk);
    browser = await chromium.launch({ executablePath: part("chromium") ?? "", args: ["--no-sandbox"] });
    grace = await browser.newPage({ locale: "en-GB" });
    await begin(berth.page);
  });

  test.afterAll(async () => {
    await browser?.close();
    await berth?.electron.close().catch(() => undefined);
    await desk?.close();
  });

  test("gets its accounts at the window", async () => {
    const { page } = berth;
    await page.getByTestId("admin-nav").click();
    await expect(page.getByText("Nobody but you yet")).toBeVisible();
    await shots(page, "users-none");
    await page.getByTestId("user-add").click();
    await page.getByTestId("user-add-name").fill("grace");
    await page.getByTestId("user-add-email").fill("grace@example.test");
    await page.getByTestId("user-add-realname").fill("Grace Hopper");
    await page.getByTestId("first-password").fill(password);
    await page.getByTestId("first-password-repeat").fill(password);
    await page.getByTestId("user-add-save").click();
    await expect(page.getByTestId("user-row-grace")).toBeVisible();
    await shots(page, "users");
  });

  test("meets in a project: who is added at the window sees it in the browser without a click", async () => {
    await grace.goto(`http://127.0.0.1:${port}/sign-in`);
    await grace.getByTestId("sign-in-name").fill("grace");
    await grace.getByTestId("sign-in-password").fill(password);
    await grace.getByTestId("sign-in-submit").click();
    await expect(grace.getByTestId("project-row-library")).toBeVisible();

    const { page } = berth;
    await page.goto("app://ui/projects");
    await page.getByTestId("project-create").click();
    await page.getByTestId("project-name").fill("harbour");
    await page.getByTestId("project-save").click();
    await page.getByRole("link", { name: "Members" }).click();
    await page.getByTestId("member-add").click();
    await page.getByTestId("suggest").fill("gra");
    await page.getByTestId("suggestion-grace").click();
    await page.getByTestId("member-add-save").click();
    await expect(page.getByTestId("member-row-grace")).toBeVisible();
    await shots(page, "members");
    await expect(grace.getByTestId("project-row-harbour")).toBeVisible();
  });

  test("leaves a log, which the window saves as a table where the person says", async () => {
    const { page, electron } = berth;
    await page.getByRole("link", { name: "Logs" }).click();
    await expect(page.getByTestId("logs-table")).toContainText("Create · Member");
    await shots(page, "log");
    const path = join(desk.home, "log.csv");
    // The system's own dialog is no page: what a person would choose in it is answered for it.
    await electron.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await page.getByTestId("log-export").click();
    await expect.poll(() => readFile(path, "utf8").catch(() => "")).toContain("harbour/grace");
  });

  test("sees at the window where the administrator is signed in, and what is set is true in the browser", async () => {
    const { page } = berth;
    await page.goto("app://ui/account");
    await expect(page.getByTestId("session").filter({ hasText: "This one" })).toContainText(
      "Berth on the computer that it runs on",
    );
    await page.goto("app://ui/administration/configuration/system");
    await page.getByTestId("settings-banner_message").fill("Moving at noon");
    await page.getByTestId("settings-read_only").click();
    await page.getByTestId("settings-save").click();
    await expect(page.getByTestId("banner")).toContainText("Moving at noon");
    await expect(page.getByTestId("read-only")).toBeVisible();
    await shots(page, "settings-system");
    await grace.reload();
    await expect(grace.getByTestId("banner")).toContainText("Moving at noon");
    await expect(grace.getByTestId("read-only")).toBeVisible();
    expect(berth.violations).toEqual([]);
  });
});
