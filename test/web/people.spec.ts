import { expect, test, type Browser, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { addMember, password } from "../people.ts";
import { absent, inChromium, signIn, startSite } from "./browser.ts";
import { pushImage } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

let berth: Berth;

test.beforeAll(async () => {
  berth = await startSite();
  await berth.client().projects.create({ project_name: "crew" });
  await pushImage(berth, "crew/app", "v1");
  for (const role of ["guest", "developer", "maintainer"] as const) await addMember(berth, "crew", role);
});

test.afterAll(() => berth?.close());

async function pageOf(browser: Browser, name: string, secret = password): Promise<Page> {
  const context = await browser.newContext(inChromium);
  const page = await context.newPage();
  await signIn(page, berth, { name, password: secret });
  return page;
}

const offers = {
  guest: { describe: 0, remove: 0 },
  developer: { describe: 1, remove: 0 },
  maintainer: { describe: 1, remove: 1 },
};

for (const [role, { describe, remove }] of Object.entries(offers)) {
  test(`a ${role} is offered what a ${role} may do`, async ({ browser }) => {
    const page = await pageOf(browser, `${role}-of-crew`);
    await page.goto(`${berth.url}/projects/crew/repositories/app`);
    await expect(page.getByTestId("tag-v1")).toBeVisible();
    await expect(page.getByTestId("copy-pull")).toHaveCount(1);
    await expect(page.getByTestId("description-edit")).toHaveCount(describe);
    await expect(page.getByTestId("remove")).toHaveCount(remove);
    await expect(page.getByTestId("repository-delete")).toHaveCount(remove);
    await page.goto(`${berth.url}/projects/crew`);
    await expect(page.getByTestId("repository-row-app")).toBeVisible();
    await expect(page.getByRole("link", { name: "Settings" })).toHaveCount(0);
    await page.context().close();
  });
}

test("changing one's password needs the old one, and ends the session in the other browser", async ({
  browser,
}) => {
  const [here, there] = [await pageOf(browser, "guest-of-crew"), await pageOf(browser, "guest-of-crew")];
  await here.goto(`${berth.url}/account`);
  const change = async (old: string): Promise<void> => {
    await here.getByTestId("old-password").fill(old);
    await here.getByTestId("first-password").fill("Another-12345");
    await here.getByTestId("first-password-repeat").fill("Another-12345");
    await here.getByTestId("password-save").click();
  };
  await change("Wrong-12345");
  await expect(here.getByText("The current password is not right.")).toBeVisible();
  await change(password);
  await expect(here.getByText("Your password was changed.")).toBeVisible();

  await there.goto(`${berth.url}/projects/crew`);
  await expect(there.getByRole("heading", { name: "Sign in to see this" })).toBeVisible();
  await signIn(there, berth, { name: "guest-of-crew", password: "Another-12345" });
  await Promise.all([here.context().close(), there.context().close()]);
});

test("a session that is over is noticed at the next step", async ({ browser }) => {
  const page = await pageOf(browser, "developer-of-crew");
  await page.goto(`${berth.url}/projects/crew/repositories/app`);
  await expect(page.getByTestId("tag-v1")).toBeVisible();
  await page.context().clearCookies();
  await page.getByTestId("description-edit").click();
  await page.getByTestId("description").fill("never kept");
  await page.getByTestId("description-save").click();
  await expect(page.getByText("You were signed out.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Sign in to see this" })).toBeVisible();
  await page.context().close();
});
