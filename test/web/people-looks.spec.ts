import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { addMember, addUser, password } from "../people.ts";
import { absent, complaintsOf, inChromium, root, signIn, startSite } from "./browser.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

interface View {
  name: string;
  path: string;
  stranger?: boolean;
  /** Brings the view into the state that is looked at. */
  act?: (page: Page) => Promise<void>;
}

const settings = "/administration/configuration";
const visible = (page: Page, test: string) => expect(page.getByTestId(test)).toBeVisible();
const views: View[] = [
  { name: "sign in with links", path: "/sign-in", stranger: true },
  {
    name: "sign up",
    path: "/sign-up",
    stranger: true,
    act: async (page) => {
      await page.getByTestId("sign-up-name").fill("a,b");
      await page.getByTestId("sign-up-email").fill("a");
      await page.getByTestId("sign-up-realname").fill("A");
    },
  },
  { name: "forgot password", path: "/forgot-password", stranger: true },
  { name: "reset password", path: "/reset-password#a-token-that-is-long-enough", stranger: true },
  { name: "projects of mine", path: "/projects?show=mine" },
  { name: "account", path: "/account" },
  { name: "members", path: "/projects/crew/members" },
  {
    name: "adding members",
    path: "/projects/crew/members",
    act: async (page) => {
      await page.getByTestId("member-add").click();
      await page.getByTestId("suggest").fill("a");
      await expect(page.getByRole("option").first()).toBeVisible();
    },
  },
  { name: "robots", path: "/projects/crew/robots" },
  { name: "no robots", path: "/projects/library/robots" },
  {
    name: "a new robot",
    path: "/administration/robots",
    act: async (page) => {
      await page.getByTestId("robot-add").click();
      await page.getByTestId("robot-chosen").click();
    },
  },
  {
    name: "log",
    path: "/projects/crew/logs",
    act: (page) => page.getByTestId("log-advanced").click(),
  },
  { name: "log without a match", path: "/projects/crew/logs?user=nobody" },
  {
    name: "users",
    path: "/administration/users",
    act: async (page) => {
      await page.getByTestId("menu-ada").click();
      await visible(page, "user-remove-ada");
    },
  },
  {
    name: "a new user",
    path: "/administration/users",
    act: async (page) => {
      await page.getByTestId("user-add").click();
      await visible(page, "user-add-name");
    },
  },
  { name: "whole log", path: "/administration/logs" },
  ...["authentication", "projects", "registration", "sessions", "certificates", "mail", "system"].map(
    (tab) => ({ name: `settings of ${tab}`, path: `${settings}/${tab}` }),
  ),
  {
    name: "unsaved settings",
    path: `${settings}/system`,
    act: async (page) => {
      await page.getByTestId("settings-ext_endpoint").fill("nowhere");
      await page.getByTestId("admin-users").click();
      await visible(page, "leave-stay");
    },
  },
];

let berth: Berth;

test.beforeAll(async () => {
  berth = await startSite();
  const client = berth.client();
  await client.projects.create({ project_name: "crew" });
  await addUser(berth, "ada");
  await addMember(berth, "crew", "developer");
  await addMember(berth, "crew", "guest");
  const access = [{ resource: "repository", action: "pull" }];
  const robot = {
    level: "project" as const,
    permissions: [{ kind: "project" as const, namespace: "crew", access }],
  };
  await client.robots.create({ ...robot, name: "ci", duration: 30 });
  await client.robots.create({ ...robot, name: "old", duration: -1, disable: true });
  await berth.fetch("/v2/crew/app/blobs/uploads/", {
    method: "POST",
    as: { name: "guest-of-crew", password },
  });
  await client.configurations.update({
    self_registration: true,
    email_host: "mail.example.test",
    banner_message: "Moving to a new disk at noon",
  });
});

test.afterAll(() => berth?.close());

for (const colorScheme of ["light", "dark"] as const) {
  test(`people and settings can be read and used by everyone: ${colorScheme}`, async ({ browser }) => {
    test.setTimeout(300_000);
    const options = { ...inChromium, colorScheme, reducedMotion: "reduce" as const };
    const [signedIn, stranger] = [await browser.newPage(options), await browser.newPage(options)];
    const complaints = await complaintsOf(signedIn);
    await signIn(signedIn, berth);
    for (const view of views) {
      const page = view.stranger ? stranger : signedIn;
      await page.goto("about:blank");
      await page.goto(berth.url + view.path);
      await expect(page.locator("main h1").first()).toBeVisible();
      await expect(page.locator("main").locator("table, form, .empty, h2").first()).toBeVisible();
      await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
      await view.act?.(page);
      await picture(page, `${view.name}-${colorScheme}`);
      expect.soft(await barriersOf(page), view.name).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await Promise.all([signedIn.close(), stranger.close()]);
  });
}

/** What stands in somebody's way and matters. The pages have no frames, so the quicker way of asking will do. */
async function barriersOf(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = join(root, "test-results/shots");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `web-${name.replaceAll(" ", "-")}.png`), fullPage: true });
}
