import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Browser, type BrowserContextOptions, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { absent, complaintsOf, inChromium, root, signIn, startSite } from "./browser.ts";
import { pushImage, pushIndex, pushReferrer } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

interface View {
  name: string;
  path: string;
  stranger?: boolean;
  /** Brings the view into the state that is looked at. */
  act?: (page: Page) => Promise<void>;
}

const app = "/projects/library/repositories/team/app";
const views: View[] = [
  { name: "the projects", path: "/projects" },
  { name: "a search without a match", path: "/projects?text=nowhere" },
  { name: "the projects of a stranger", path: "/projects", stranger: true },
  { name: "the way in", path: "/sign-in", stranger: true },
  { name: "a private project to a stranger", path: "/projects/private", stranger: true },
  { name: "the repositories", path: "/projects/library" },
  { name: "an empty project", path: "/projects/private" },
  { name: "the settings of a project", path: "/projects/library/settings" },
  { name: "the artifacts", path: app },
  { name: "an image", path: `${app}/-/v1` },
  { name: "an index", path: `${app}/-/multi` },
  { name: "a configuration", path: `${app}/-/v1?show=configuration` },
  { name: "the layers", path: `${app}/-/v1?show=layers` },
  { name: "the referrers", path: `${app}/-/v1?show=referrers` },
  { name: "the account", path: "/account" },
  { name: "the API", path: "/api-reference" },
  { name: "the page for nothing", path: "/nowhere" },
  {
    name: "a new project",
    path: "/projects",
    act: async (page) => {
      await page.getByTestId("project-create").click();
      await page.getByTestId("project-name").fill("Not good");
    },
  },
  {
    name: "what to delete",
    path: app,
    act: async (page) => {
      await page.getByTestId("remove").first().click();
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  },
  {
    name: "the search",
    path: "/projects",
    act: async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("team");
      await expect(page.getByRole("option").first()).toBeVisible();
    },
  },
];

let berth: Berth;

test.beforeAll(async () => {
  berth = await startSite();
  await berth.client().projects.create({ project_name: "private" });
  const [first, second] = [
    await pushImage(berth, "library/team/app", "v1", "latest"),
    await pushImage(berth, "library/team/app", "v2"),
  ];
  await pushIndex(berth, "library/team/app", "multi", [first, second]);
  await pushReferrer(berth, "library/team/app", first);
});

test.afterAll(() => berth?.close());

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in a ${colorScheme} window`, () => {
    let signedIn: Visitor;
    let stranger: Visitor;

    test.beforeAll(async ({ browser }) => {
      const options = { ...inChromium, colorScheme, reducedMotion: "reduce" as const };
      [signedIn, stranger] = [await visit(browser, options), await visit(browser, options)];
      await signIn(signedIn.page, berth);
    });

    test.afterAll(() => Promise.all([signedIn, stranger].map((visitor) => visitor?.page.context().close())));

    for (const view of views) {
      test(`everyone can read and use ${view.name}`, async () => {
        const { page, complaints } = view.stranger ? stranger : signedIn;
        complaints.length = 0;
        await show(page, view);
        await picture(page, `${view.name}-${colorScheme}`);
        expect(await barriersOf(page)).toEqual([]);
        expect(complaints).toEqual([]);
      });
    }
  });
}

test("the pages run where no text may become a script", async ({ page }) => {
  const served = await page.request.get(berth.url);
  expect(served.headers()["content-security-policy"]).toContain("require-trusted-types-for 'script'");
  const complaints = await complaintsOf(page);
  await signIn(page, berth);
  for (const view of views.filter(({ stranger }) => !stranger)) await show(page, view);
  expect(complaints).toEqual([]);
});

interface Visitor {
  page: Page;
  complaints: string[];
}

async function visit(browser: Browser, options: BrowserContextOptions): Promise<Visitor> {
  const page = await (await browser.newContext(options)).newPage();
  return { page, complaints: await complaintsOf(page) };
}

async function show(page: Page, { path, act }: View): Promise<void> {
  await page.goto(berth.url + path);
  await expect(page.locator("main h1, main h2").first()).toBeVisible();
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
  await act?.(page);
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
  await page.screenshot({ path: join(folder, `web-${name.replaceAll(" ", "-")}.png`) });
}
