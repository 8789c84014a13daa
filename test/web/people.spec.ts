import { expect, test, type Page } from "@playwright/test";
import { openPostOffice, type PostOffice } from "../access/post-office.ts";
import type { Berth } from "../harness.ts";
import { addUser, password } from "../people.ts";
import { absent, complaintsOf, inChromium, signIn, startSite } from "./browser.ts";
import { pushImage } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

let berth: Berth;
let office: PostOffice;
let admin: Page;
let complaints: string[];

test.beforeAll(async ({ browser }) => {
  berth = await startSite();
  office = await openPostOffice({ hideSTARTTLS: true });
  admin = await (await browser.newContext(inChromium)).newPage();
  complaints = await complaintsOf(admin);
  await signIn(admin, berth);
});

test.afterAll(async () => {
  await admin?.context().close();
  await berth?.close();
  await office?.close();
});

/** What docker does first when it pushes: asks to upload a layer. */
async function mayPush(name: string, secret: string, repository: string): Promise<boolean> {
  const as = { name, password: secret };
  const asked = await berth.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST", as });
  return asked.status === 202;
}

const go = (page: Page, path: string) => page.goto(berth.url + path);
const heading = (page: Page) => page.getByRole("heading", { level: 1 });
const noticeOf = (page: Page, text: string | RegExp) => page.getByTestId("notice").filter({ hasText: text });

async function setting(tab: string, change: () => Promise<void>): Promise<void> {
  await go(admin, `/administration/configuration/${tab}`);
  await change();
  await admin.getByTestId("settings-save").click();
  await expect(noticeOf(admin, "Saved:")).toBeVisible();
}

test.describe.serial("two people at once", () => {
  let grace: Page;

  test.beforeAll(async ({ browser }) => {
    await addUser(berth, "grace");
    grace = await (await browser.newContext(inChromium)).newPage();
    await signIn(grace, berth, { name: "grace", password });
  });
  test.afterAll(() => grace?.context().close());

  test("a member who is added sees the private project within a second, without a click", async () => {
    await expect(grace.getByTestId("project-row-library")).toBeVisible();
    await go(admin, "/projects");
    await admin.getByTestId("project-create").click();
    await admin.getByTestId("project-name").fill("harbour");
    await admin.getByTestId("project-save").click();
    await expect(heading(admin)).toContainText("harbour");
    await expect(grace.getByTestId("project-row-harbour")).toHaveCount(0);

    await admin.getByRole("link", { name: "Members" }).click();
    await admin.getByTestId("member-add").click();
    await admin.getByTestId("suggest").fill("gra");
    await admin.getByTestId("suggestion-grace").click();
    await admin.getByTestId("member-add-save").click();
    await expect(admin.getByTestId("member-row-grace")).toBeVisible();
    await expect(grace.getByTestId("project-row-harbour")).toBeVisible({ timeout: 1500 });
  });

  test("nobody changes the own role, and the page says who can", async () => {
    const mine = admin.getByTestId("member-row-admin");
    await expect(mine).toContainText("Another project admin can change your role.");
    await expect(admin.getByTestId("member-remove-admin")).toHaveCount(0);
  });

  test("a developer pushes, and finds members, robots and log, but nothing to change them", async () => {
    expect(await mayPush("grace", password, "harbour/app")).toBe(true);
    await grace.getByTestId("project-row-harbour").getByRole("link").click();
    await expect(grace.getByRole("link", { name: "Settings" })).toHaveCount(0);
    await grace.getByRole("link", { name: "Members" }).click();
    await expect(grace.getByTestId("member-row-admin")).toBeVisible();
    await expect(grace.getByTestId("member-add")).toHaveCount(0);
    await grace.getByRole("link", { name: "Robots" }).click();
    await expect(heading(grace)).toBeVisible();
    await expect(grace.getByTestId("robot-add")).toHaveCount(0);
  });

  test("the log tells of a push as it happens, and finds it again by who, what and when", async () => {
    await admin.getByRole("link", { name: "Logs" }).click();
    const table = admin.getByTestId("logs-table");
    await expect(table).toContainText("Create · Member");
    const pushed = { ...berth, fetch: as("grace", password) };
    await pushImage(pushed, "harbour/app", "1.0");
    await expect(table).toContainText("harbour/app:1.0");
    await admin.getByTestId("filter").fill("grace");
    await expect(table).not.toContainText("Create · Project");
    await admin.getByTestId("log-advanced").click();
    await admin.getByTestId("log-operation").click();
    await admin.getByRole("option", { name: "Push" }).click();
    await expect(table.getByRole("row").nth(1)).toContainText("Push · Artifact");
    const day = await admin.evaluate(() => new Date().toLocaleDateString("sv"));
    await admin.getByTestId("log-from").fill(day);
    await expect(admin).toHaveURL(new RegExp(`from=${day}`));
    await expect(table).toContainText("harbour/app:1.0");
    const [file] = await Promise.all([
      admin.waitForEvent("download"),
      admin.getByTestId("log-export").click(),
    ]);
    expect(file.suggestedFilename()).toBe("harbour-log.csv");
    await admin.getByTestId("log-to").fill("2020-01-01");
    await expect(admin.getByText("Nothing in the log matches")).toBeVisible();
  });

  test("who becomes a guest is refused at the very next push, and the log says so", async () => {
    await admin.getByRole("link", { name: "Members" }).click();
    await admin.getByTestId("member-role-grace").click();
    await admin.getByRole("option", { name: "Guest pulls", exact: true }).click();
    await expect(noticeOf(admin, "grace is now: Guest.")).toBeVisible();
    expect(await mayPush("grace", password, "harbour/app")).toBe(false);
    await admin.getByRole("link", { name: "Logs" }).click();
    await expect(admin.getByTestId("logs-table")).toContainText("refused");
  });

  test("a removed member can be brought back by one click; removed for good, the project is gone", async () => {
    await go(grace, "/projects");
    await expect(grace.getByTestId("project-row-harbour")).toBeVisible();
    await admin.getByRole("link", { name: "Members" }).click();
    await admin.getByTestId("member-remove-grace").click();
    await expect(admin.getByTestId("member-row-grace")).toHaveCount(0);
    await noticeOf(admin, "grace is no member any more").getByRole("button", { name: "Undo" }).click();
    await expect(admin.getByTestId("member-row-grace")).toContainText("Guest");
    await admin.getByTestId("member-remove-grace").click();
    await expect(admin.getByTestId("member-row-grace")).toHaveCount(0);
    await expect(grace.getByTestId("project-row-harbour")).toHaveCount(0, { timeout: 30_000 });
  });
});

test("an administrator lets people sign up, and at once somebody does", async ({ page }) => {
  await go(page, "/sign-in");
  await expect(heading(page)).toBeVisible();
  await expect(page.getByTestId("sign-up")).toHaveCount(0);
  await setting("registration", () => admin.getByTestId("settings-self_registration").click());
  await page.reload();
  await page.getByTestId("sign-up").click();
  await page.getByTestId("sign-up-name").fill("a,da");
  await page.getByTestId("sign-up-email").fill("ada");
  await page.getByTestId("sign-up-realname").fill("Ada");
  await expect(page.getByText("That is not an e-mail address")).toBeVisible();
  await expect(page.getByText("A name has none of")).toBeVisible();
  await page.getByTestId("sign-up-name").fill("ada");
  await page.getByTestId("sign-up-email").fill("ada@example.test");
  await page.getByTestId("first-password").fill("Byron-1815");
  await expect(page.getByTestId("sign-up-submit")).toBeDisabled();
  await page.getByTestId("first-password-repeat").fill("Byron-1815");
  await page.getByTestId("sign-up-submit").click();
  await expect(page.getByTestId("user-menu")).toContainText("ada");
  await expect(page.getByTestId("admin-nav")).toHaveCount(0);
  await page.getByTestId("projects-show-mine").check({ force: true });
  await expect(page.getByText("You are not a member of a project yet")).toBeVisible();
});

test("a forgotten password is set anew by a link from the mail, which leaves the address bar", async ({
  page,
}) => {
  await addUser(berth, "ida");
  await setting("mail", async () => {
    await admin.getByTestId("settings-email_host").fill("127.0.0.1");
    await admin.getByTestId("settings-email_port").locator("input").fill(String(office.port));
    await admin.getByTestId("settings-email_tls-none").click();
  });
  await admin.getByTestId("test-mail-to").fill("chief@example.test");
  await admin.getByTestId("test-mail").click();
  await expect(admin.getByText("A mail went to chief@example.test")).toBeVisible();

  await go(page, "/sign-in");
  await page.getByTestId("forgot").click();
  await page.getByTestId("forgot-email").fill("ida@example.test");
  await page.getByTestId("forgot-submit").click();
  await expect(page.getByTestId("forgot-sent")).toContainText(
    "If an account has the address ida@example.test",
  );
  await expect.poll(() => office.letters.length).toBe(2);
  const link = /http\S+\/reset-password#[\w-]+/.exec(office.letters[1]?.text ?? "")?.[0] ?? "";
  await page.goto(link.replace(berth.address, new URL(berth.url).host));
  await expect(page.getByTestId("reset-password")).toBeVisible();
  expect(page.url()).toBe(`${berth.url}/reset-password`);
  await page.getByTestId("first-password").fill("Renewed-12345");
  await page.getByTestId("first-password-repeat").fill("Renewed-12345");
  await page.getByTestId("reset-submit").click();
  await expect(noticeOf(page, "Your password was set")).toBeVisible();
  await signIn(page, berth, { name: "ida", password: "Renewed-12345" });
});

test("settings are not lost by a wrong click, and a banner is there for everybody", async ({ page }) => {
  await go(admin, "/administration/configuration/system");
  await admin.getByTestId("settings-banner_message").fill("Moving to a new disk at noon");
  await admin.getByTestId("settings-ext_endpoint").fill("nowhere");
  await expect(admin.getByText("An address begins with http")).toBeVisible();
  await expect(admin.getByTestId("settings-save")).toBeDisabled();
  await admin.getByTestId("settings-ext_endpoint").fill("");
  await admin.getByTestId("admin-users").click();
  await admin.getByTestId("leave-stay").click();
  await expect(admin.getByTestId("settings-banner_message")).toHaveValue("Moving to a new disk at noon");
  await admin.getByTestId("settings-save").click();
  await expect(noticeOf(admin, "Saved: Message.")).toBeVisible();
  await expect(admin.getByTestId("banner")).toContainText("Moving to a new disk at noon");
  await go(page, "/projects");
  await expect(page.getByTestId("banner")).toContainText("Moving to a new disk at noon");
});

test("a robot is made, told once, used, disabled, and refused at once", async () => {
  await go(admin, "/projects/library/robots");
  await admin.getByTestId("robot-add").click();
  await admin.getByTestId("robot-name").fill("ci");
  await admin.getByTestId("robot-right-push").click();
  await admin.getByTestId("robot-save").click();
  const secret = (await admin.getByTestId("robot-secret").textContent()) ?? "";
  await expect(admin.getByText(`docker login ${berth.address} -u 'robot$library+ci'`)).toBeVisible();
  await admin.getByTestId("robot-secret-kept").click();
  await expect(admin.getByTestId("robot-row-robot$library+ci")).toContainText("Pull, Push");
  expect(await mayPush("robot$library+ci", secret, "library/app")).toBe(true);
  await admin.getByTestId("menu-robot$library+ci").click();
  await admin.getByTestId("robot-disable-robot$library+ci").click();
  await expect(admin.getByTestId("robot-row-robot$library+ci")).toContainText("disabled");
  expect(await mayPush("robot$library+ci", secret, "library/app")).toBe(false);
});

test("an administrator adds a user, makes them administrator, and deletes them by name", async () => {
  await admin.getByTestId("admin-nav").click();
  await admin.getByTestId("user-add").click();
  await admin.getByTestId("user-add-name").fill("linus");
  await admin.getByTestId("user-add-email").fill("linus@example.test");
  await admin.getByTestId("user-add-realname").fill("Linus");
  await admin.getByTestId("first-password").fill(password);
  await admin.getByTestId("first-password-repeat").fill(password);
  await admin.getByTestId("user-add-save").click();
  const row = admin.getByTestId("user-row-linus");
  await expect(row).toBeVisible();
  await admin.getByTestId("menu-linus").click();
  await admin.getByTestId("user-admin-linus").click();
  await expect(row).toContainText("Administrator");
  await admin.getByTestId("menu-linus").click();
  await admin.getByTestId("user-remove-linus").click();
  await expect(admin.getByRole("dialog")).toContainText("Delete user linus?");
  await admin.getByTestId("confirm").click();
  await expect(row).toHaveCount(0);
});

test("one sees where one is signed in, and ends all others", async ({ browser }) => {
  await addUser(berth, "kim");
  const [here, there] = [await browser.newContext(inChromium), await browser.newContext(inChromium)];
  const [mine, other] = [await here.newPage(), await there.newPage()];
  await signIn(other, berth, { name: "kim", password });
  await signIn(mine, berth, { name: "kim", password });
  await go(mine, "/account");
  await expect(mine.getByTestId("session").filter({ hasText: "This one" })).toContainText("Chrome on Linux");
  await mine.getByTestId("sessions-end-others").click();
  await expect(mine.getByTestId("session")).toHaveCount(1);
  await other.getByRole("link", { name: "library" }).click();
  await go(other, "/account");
  await expect(other.getByTestId("sign-in-name")).toBeVisible();
  await mine.getByTestId("profile-realname").fill("Kim Possible");
  await mine.getByTestId("profile-save").click();
  await expect(noticeOf(mine, "Your profile was saved.")).toBeVisible();
  await Promise.all([here.close(), there.close()]);
});

test("did all that without an error, and without anything that its security policy forbids", () => {
  const expected = /status of (400|401|403|404|409|412)/;
  expect(complaints.filter((complaint) => !expected.test(complaint))).toEqual([]);
});

/** The registry as somebody else sees it. */
function as(name: string, secret: string): Berth["fetch"] {
  return (path, init) => berth.fetch(path, { ...init, as: { name, password: secret } });
}
