import { expect, test, type Browser, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { absent, complaintsOf, inChromium, signIn, startSite } from "./browser.ts";
import { digestAt, pushLarge, startFar, startStranger, type Far } from "./far.ts";
import { pushImage } from "./images.ts";

test.use(inChromium);
test.skip(absent() !== undefined, absent());

/** An administrator sets up replication, watches it, and deals with what goes wrong. Each test goes on where the one before ended. */
test.describe.serial("replication", () => {
  let berth: Berth;
  let far: Far;
  let page: Page;
  let complaints: string[];

  test.beforeAll(async ({ browser }: { browser: Browser }) => {
    [berth, far] = await Promise.all([startSite(), startFar()]);
    await berth.client().projects.create({ project_name: "acme" });
    await pushImage(berth, "acme/team/app", "v1", "latest");
    await pushImage(berth, "acme/web", "v1");
    page = await browser.newPage(inChromium);
    complaints = await complaintsOf(page);
    await signIn(page, berth);
  });

  test.afterAll(async () => {
    await page?.context().close();
    await Promise.all([berth?.close(), far?.close()]);
  });

  async function choose(name: string, option: string): Promise<void> {
    await page.getByTestId(name).click();
    await page.getByTestId(option).click();
  }

  async function act(menu: string, action: string): Promise<void> {
    await page.getByTestId(`menu-${menu}`).click();
    await page.getByTestId(`${action}-${menu}`).click();
  }

  /** The line of the job of that repository. */
  const jobOf = (repository: string) =>
    page.locator("[data-test^=job-row-]").filter({ hasText: repository }).first();

  test("says in words what is wrong with an endpoint before it is added", async () => {
    const stranger = await startStranger();
    await page.goto(`${berth.url}/projects/acme/replication`);
    await expect(page.getByText("No rules yet")).toBeVisible();
    await page.getByTestId("rule-add-first").click();
    await expect(page.getByTestId("rule-name")).toBeFocused();
    await page.getByTestId("endpoint-url").fill(stranger.url);
    await page.getByTestId("endpoint-test").click();
    const result = page.getByTestId("endpoint-test-result");
    await expect(result).toContainText("answers, but not as Berth or Harbor does");
    stranger.server.close();

    await page.getByTestId("endpoint-url").fill("http://127.0.0.1:9");
    await expect(result).toBeEmpty();
    await page.getByTestId("endpoint-test").click();
    await expect(result).toContainText(/refuse/i);

    await page.getByTestId("endpoint-url").fill(far.berth.url);
    await page.getByTestId("endpoint-user").fill("courier");
    await page.getByTestId("endpoint-secret").fill("Wrong-12345");
    await page.getByTestId("endpoint-test").click();
    await expect(result).toContainText(/password|user name|credentials/i);
  });

  test("makes an endpoint and a rule in one dialog, and copies what the project holds", async () => {
    await page.getByTestId("rule-name").fill("acme to the second site");
    await page.getByTestId("endpoint-name").fill("second site");
    await page.getByTestId("endpoint-secret").fill(far.courier.password);
    await page.getByTestId("endpoint-test").click();
    await expect(page.getByTestId("endpoint-test-result")).toContainText("The registry answers");
    await page.getByTestId("rule-namespace").fill("mirror");
    await expect(page.getByTestId("rule-example")).toContainText("acme/team/app");
    await expect(page.getByTestId("rule-example")).toContainText("mirror/team/app");
    await page.getByTestId("rule-save").click();

    await expect(page.getByRole("heading", { level: 1 })).toContainText("acme to the second site");
    for (const repository of ["acme/team/app", "acme/web"])
      await expect(jobOf(repository).getByTestId("state")).toHaveText("Done");
    await expect(page.getByTestId("rule-state")).toHaveText("Ready");
    expect(await digestAt(far.berth, "mirror/web", "v1")).toBe(await digestAt(berth, "acme/web", "v1"));
  });

  test("shows a push as a job without a click, and it arrives", async () => {
    const digest = await pushLarge(berth, "acme/fresh", "v9", 200_000);
    await expect(jobOf("acme/fresh").getByTestId("state")).toHaveText("Done");
    expect(await digestAt(far.berth, "mirror/fresh", "v9")).toBe(digest);
  });

  test("shows a job's log, which the address leads to", async () => {
    await jobOf("acme/fresh")
      .getByRole("button", { name: /^Log of/ })
      .click();
    await expect(page.getByTestId("job-log-text")).toContainText("mirror/fresh");
    await expect(page).toHaveURL(/log=\d+-\d+/);
    await page.reload();
    await expect(page.getByTestId("job-log-text")).toContainText("mirror/fresh");
    await page.getByTestId("job-log-close").click();
    await expect(page).not.toHaveURL(/log=/);
  });

  test("finds jobs by status and repository, and deletes one that is over", async () => {
    await page.getByTestId("filter").fill("web");
    await expect(page.locator("[data-test^=job-row-]")).toHaveCount(1);
    await choose("jobs-status", "jobs-status-Failed");
    await expect(page.getByText("No job is like that")).toBeVisible();
    await page.getByRole("button", { name: "Show all jobs" }).click();
    const rows = page.locator("[data-test^=job-row-]");
    await expect(rows).toHaveCount(3);
    const row = jobOf("acme/web");
    const id = (await row.getAttribute("data-test"))?.replace("job-row-", "") ?? "";
    await act(id, "job-remove");
    await page.getByTestId("confirm").click();
    await expect(rows).toHaveCount(2);
  });

  test("keeps what is enabled from being edited and deleted, and says why", async () => {
    await page.getByTestId("menu-rule").click();
    await expect(page.getByTestId("rule-edit-rule")).toContainText("Only a disabled rule can be edited.");
    await expect(page.getByTestId("rule-remove-rule")).toContainText("Only a disabled rule can be deleted.");
    await page.keyboard.press("Escape");
    await page.goto(`${berth.url}/administration/endpoints`);
    await page.getByTestId("menu-second site").click();
    await expect(page.getByTestId("endpoint-edit-second site")).toContainText("acme to the second site");
    await expect(page.getByTestId("endpoint-remove-second site")).toContainText(
      "delete acme to the second site",
    );
    await page.keyboard.press("Escape");
  });

  test("changes a rule that is disabled: slowly now", async () => {
    await page.getByRole("link", { name: "acme to the second site" }).click();
    await page.getByTestId("rule-enable").click();
    await expect(page.getByTestId("rule-state")).toHaveText("Disabled");
    await pushLarge(berth, "acme/heavy", "v1", 6_000_000);
    await act("rule", "rule-edit");
    await expect(page.getByTestId("rule-preview")).toContainText("acme/team/app");
    await page.getByTestId("rule-speed").getByRole("spinbutton").fill("800");
    await page.getByTestId("rule-save").click();
    await expect(page.getByTestId("rule-facts")).toContainText("100 KiB a second");
  });

  test("shows how far a job is, and stops it", async () => {
    await page.getByTestId("rule-enable").click();
    const job = jobOf("acme/heavy");
    await expect(job.getByRole("progressbar")).toBeVisible();
    await expect(page.getByTestId("rule-state")).toHaveText("Copying");
    await expect
      .poll(async () => Number(await job.getByRole("progressbar").getAttribute("aria-valuenow")))
      .toBeGreaterThan(5);
    const id = (await job.getAttribute("data-test"))?.replace("job-row-", "") ?? "";
    await act(id, "job-stop");
    await expect(job.getByTestId("state")).toHaveText("Stopped");
    await act(id, "job-retry");
    await expect(job.getByTestId("state")).toHaveText("Copying");
  });

  test("asks before it disables a rule whose jobs run", async () => {
    await page.getByTestId("rule-enable").click();
    await expect(page.getByRole("dialog")).toContainText("running job");
    await page.getByTestId("confirm").click();
    await expect(page.getByTestId("rule-state")).toHaveText("Disabled");
    await expect(jobOf("acme/heavy").getByTestId("state")).toHaveText("Stopped");
    await page.getByTestId("notice").last().getByRole("button", { name: "Undo" }).click();
    await expect(page.getByTestId("rule-state")).toHaveText("Copying");
  });

  test("pauses everything, looks paused, and goes on", async () => {
    await page.goto(`${berth.url}/administration/replication`);
    await page.getByTestId("replication-pause").click();
    await expect(page.getByTestId("replication-overview")).toContainText("Replication is paused.");
    const row = page.getByTestId("rule-row-acme to the second site");
    await expect(row.getByTestId("state")).toHaveText("Paused");
    await page.getByTestId("replication-pause").click();
    await expect(row.getByTestId("state")).toHaveText("Copying");
  });

  test("stops a whole run, and retries what it did not finish", async () => {
    await page.getByRole("link", { name: "acme to the second site" }).click();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.locator("[data-test^=run-row-]").first().getByRole("link").click();
    await page.getByTestId("run-stop").click();
    await expect(page.getByTestId("run-heading").getByTestId("state")).toHaveText("Stopped");
    await page.getByTestId("run-retry").click();
    await expect(page.getByTestId("run-heading").getByTestId("state")).toHaveText("Copying");
    await page.getByTestId("run-stop").click();
    await expect(page.getByTestId("run-heading").getByTestId("state")).toHaveText("Stopped");
  });

  test("says why a job failed, and succeeds once the reason is gone", async () => {
    const elsewhere = far.berth.client();
    await elsewhere.projects.create({ project_name: "closed" });
    await page.goto(`${berth.url}/administration/replication`);
    await page.getByTestId("rule-add").click();
    await page.getByTestId("rule-name").fill("web to a closed project");
    await choose("rule-endpoint", "rule-endpoint-second site");
    await page.getByTestId("rule-pattern").fill("acme/web");
    await page.getByTestId("rule-namespace").fill("closed");
    await page.getByTestId("rule-trigger-manual").click();
    await expect(page.getByTestId("rule-preview")).toContainText("closed/web");
    await expect(page.getByTestId("rule-preview-total")).toContainText("1 repository");
    await page.getByTestId("rule-save").click();
    await expect(page.getByText("When the rule runs, there is a job")).toBeVisible();
    await page.getByTestId("rule-start").click();
    await expect(page.getByTestId("rule-state")).toHaveText("Failed");

    await elsewhere.members.create({
      project_name_or_id: "closed",
      role_id: 4,
      member_user: { user_id: far.courier.id },
    });
    await page.getByRole("link", { name: "Runs" }).click();
    const run = page.locator("[data-test^=run-row-]").first();
    await expect(run).toContainText(/closed/);
    const id = (await run.getAttribute("data-test"))?.replace("run-row-", "") ?? "";
    await act(`run-${id}`, "run-retry");
    await expect(page.getByTestId("rule-state")).toHaveText("Ready");
    expect(await digestAt(far.berth, "closed/web", "v1")).toBe(await digestAt(berth, "acme/web", "v1"));
  });

  test("makes a proxy project of an endpoint, and says so on its page", async () => {
    await page.goto(`${berth.url}/projects`);
    await page.getByTestId("project-create").click();
    await page.getByTestId("project-name").fill("mirrored");
    await choose("project-proxy", "project-proxy-second site");
    await page.getByTestId("project-save").click();
    await expect(page.getByTestId("proxy-badge")).toHaveText("Proxy of second site");
  });

  test("tells nothing of it to who is no administrator", async ({ browser }) => {
    const other = await browser.newPage(inChromium);
    await other.goto(`${berth.url}/administration/replication`);
    await expect(other.getByTestId("sign-in-name")).toBeVisible();
    await other.context().close();
    expect(complaints.filter((text) => !/40[0-9]|412/.test(text))).toEqual([]);
  });
});
