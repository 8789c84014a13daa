import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { absent, complaintsOf, inChromium, root, signIn, startSite } from "./browser.ts";
import { pushLarge, startFar, type Far } from "./far.ts";
import { pushImage } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

interface View {
  name: string;
  path: string;
  /** Brings the view into the state that is looked at. */
  act?: (page: Page) => Promise<void>;
}

const rule = "/administration/replication";
const click = async (page: Page, ...names: string[]): Promise<void> => {
  for (const name of names) await page.getByTestId(name).click();
};

/** Before there is anything. */
const empty: View[] = [
  { name: "no endpoints", path: "/administration/endpoints" },
  { name: "no rules", path: rule },
  { name: "no rules of a project", path: "/projects/acme/replication" },
  {
    name: "first rule",
    path: "/projects/acme/replication",
    act: async (page) => {
      await click(page, "rule-add-first");
      await expect(page.getByTestId("endpoint-url")).toBeVisible();
    },
  },
];

const full: View[] = [
  { name: "endpoints", path: "/administration/endpoints" },
  {
    name: "guarded endpoint",
    path: "/administration/endpoints",
    act: async (page) => {
      await click(page, "menu-second site");
      await expect(page.getByTestId("endpoint-edit-second site")).toBeVisible();
    },
  },
  {
    name: "new endpoint",
    path: "/administration/endpoints",
    act: async (page) => {
      await click(page, "endpoint-add");
      await page.getByTestId("endpoint-name").fill("third site");
      await page.getByTestId("endpoint-url").fill("https://127.0.0.1:9");
      await click(page, "endpoint-own-ca", "endpoint-test");
      await expect(page.getByTestId("endpoint-test-result")).not.toBeEmpty();
    },
  },
  { name: "rules", path: rule },
  { name: "rules without a match", path: `${rule}?text=nowhere` },
  { name: "rules of a project", path: "/projects/acme/replication" },
  {
    name: "new rule",
    path: rule,
    act: async (page) => {
      await click(page, "rule-add", "rule-endpoint", "rule-endpoint-second site", "rule-more-filters");
      await page.getByTestId("rule-name").fill("delivery");
      await page.getByTestId("rule-pattern").fill("acme/**");
      await page.getByTestId("rule-namespace").fill("delivery");
      await expect(page.getByTestId("rule-preview")).toContainText("delivery/");
    },
  },
  {
    name: "schedule of a rule",
    path: rule,
    act: async (page) => {
      await click(page, "rule-add", "rule-endpoint", "rule-endpoint-second site");
      await page.getByTestId("rule-direction-pull").check({ force: true });
      await page.getByTestId("rule-trigger-scheduled").scrollIntoViewIfNeeded();
      await click(page, "schedule-kind", "schedule-weekly");
      await page.getByTestId("rule-retries").scrollIntoViewIfNeeded();
      await expect(page.getByTestId("schedule-day")).toBeVisible();
    },
  },
  { name: "rule at work", path: `${rule}/1` },
  { name: "rule that failed", path: `${rule}/2` },
  { name: "rule that never ran", path: `${rule}/3` },
  { name: "rule that tries again", path: `${rule}/4` },
  { name: "runs", path: `${rule}/2?show=runs` },
  { name: "one run", path: `${rule}/2?run=2` },
  {
    name: "log",
    path: `${rule}/2`,
    act: async (page) => {
      await page
        .getByRole("button", { name: /^(Log of|Protokoll von)/ })
        .first()
        .click();
      await expect(page.getByTestId("job-log-text")).toBeVisible();
    },
  },
  {
    name: "paused",
    path: rule,
    act: async (page) => {
      await click(page, "replication-pause");
      await expect(page.getByTestId("replication-pause")).toHaveClass(/primary/);
    },
  },
];

let berth: Berth;
let far: Far;
let lost: Far;

test.beforeAll(async () => {
  [berth, far, lost] = await Promise.all([startSite(), startFar(), startFar()]);
  await berth.client().projects.create({ project_name: "acme" });
});

test.afterAll(() => Promise.all([berth?.close(), far?.close()]));

test("everyone can read and use replication before there is any", async ({ browser }) => {
  await look(await browser.newPage({ ...inChromium, colorScheme: "light" }), empty, "light");
});

test.describe("with rules in every state", () => {
  test.beforeAll(fill);

  for (const colorScheme of ["light", "dark"] as const) {
    test(`everyone can read and use replication: ${colorScheme}`, async ({ browser }) => {
      test.setTimeout(300_000);
      const options = { ...inChromium, colorScheme, reducedMotion: "reduce" as const };
      await look(await browser.newPage(options), full, colorScheme);
    });
  }

  test("everyone can read and use replication: in German, in a narrow window", async ({ browser }) => {
    test.setTimeout(300_000);
    const narrow = { ...inChromium, locale: "de-DE", viewport: { width: 420, height: 860 } };
    const page = await browser.newPage({ ...narrow, colorScheme: "light", reducedMotion: "reduce" });
    await look(page, full, "narrow");
  });
});

/** An endpoint that is well and one that is gone, and rules that copy, failed, wait for a person, and try again. */
async function fill(): Promise<void> {
  const client = berth.client();
  await pushLarge(berth, "acme/heavy", "v1", 30_000_000);
  await pushImage(berth, "acme/team/app", "v1", "latest");
  await far.berth.client().projects.create({ project_name: "closed" });
  const [near, gone] = [await endpoint("second site", far), await endpoint("old site", lost)];
  await lost.close();
  const from = { project_name: "acme", trigger: { type: "event_based" as const } };
  const to = (id: number) => ({ dest_registry: { id } });
  const { replication } = client;
  await replication.create({
    name: "acme, slowly",
    ...from,
    ...to(near),
    dest_namespace: "mirror",
    speed: 400,
  });
  const failing = { ...to(near), dest_namespace: "closed", filters: [{ type: "tag" as const, value: "v*" }] };
  const { id } = await replication.create({ name: "into a closed project", ...failing });
  await client.executions.start({ policy_id: Number(id) });
  const cron = { type: "scheduled" as const, trigger_settings: { cron: "0 30 2 * * *" } };
  const night = {
    src_registry: { id: near },
    trigger: cron,
    dest_namespace: "fetched",
    description: "What the second site made",
  };
  await replication.create({ name: "every night", ...night });
  await replication.create({ name: "to the old site", ...from, ...to(gone) });
  await replication.create({ name: "switched off", ...from, ...to(near), enabled: false });
  await client.registries.probe({ id: gone });
  const states = async () => (await replication.list({ sort: "id" })).items.map(({ state }) => state);
  await expect.poll(states).toEqual(["running", "failing", "idle", "retrying", "disabled"]);
}

async function endpoint(name: string, { berth: other, courier }: Far): Promise<number> {
  const credential = { access_key: courier.name, access_secret: courier.password };
  const { id } = await berth.client().registries.create({ name, url: other.url, type: "berth", credential });
  return Number(id);
}

async function look(page: Page, views: View[], how: string): Promise<void> {
  page.setDefaultTimeout(15_000);
  const complaints = await complaintsOf(page);
  await signIn(page, berth);
  for (const view of views) {
    await page.goto("about:blank");
    await page.goto(berth.url + view.path);
    await expect(page.locator("main h1").first()).toBeVisible();
    await expect(page.locator("main").locator("table, .empty").first()).toBeVisible();
    await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
    await view.act?.(page);
    await picture(page, `${view.name}-${how}`);
    expect.soft(await barriersOf(page), view.name).toEqual([]);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect.soft(beyond, `${view.name} is as wide as the window`).toBeLessThanOrEqual(0);
  }
  await berth.client().replication.pause({ paused: false });
  expect(complaints).toEqual([]);
  await page.context().close();
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
  const path = join(folder, `web-replication-${name.replaceAll(" ", "-")}.png`);
  await page.screenshot({ path, fullPage: (await page.getByRole("dialog").count()) === 0 });
}
