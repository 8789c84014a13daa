import { expect, test } from "@playwright/test";
import { missing } from "../parts.ts";
import { digestAt, pushLarge, startFar, type Far, type Shore } from "../web/far.ts";
import {
  begin,
  call,
  chooseSettings,
  freePort,
  password,
  startApplication,
  type Application,
} from "./application.ts";
import { deskParts, openDesk, type Desk } from "./desk.ts";
import { shots } from "./pictures.ts";

/** Replication at the window and in the tray. Each test goes on where the one before it ended. */
test.describe.serial("replication", () => {
  const absent = missing(deskParts);
  test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

  const name = "harbour to the second site";
  let desk: Desk;
  let far: Far;
  let near: Shore;
  let port: number;
  let berth: Application;

  test.beforeAll(async () => {
    test.setTimeout(300_000);
    [desk, far, port] = await Promise.all([openDesk(), startFar(), freePort()]);
    near = shoreAt(port);
    await chooseSettings(desk, { port });
    berth = await startApplication(desk);
    await begin(berth.page);
    await call(berth.page, "projects.create", { project_name: "harbour" });
    await pushLarge(near, "harbour/app", "v1", 100_000);
    // What a desktop would show is kept to be read.
    await berth.electron.evaluate(({ Notification }) => {
      const told: string[][] = [];
      Object.assign(globalThis, { told });
      Notification.isSupported = () => true;
      Notification.prototype.show = function () {
        told.push([this.title, this.body]);
      };
    });
  });

  test.afterAll(async () => {
    await berth?.electron.close().catch(() => undefined);
    await far?.close();
    await desk?.close();
  });

  const told = (): Promise<string[][]> =>
    berth.electron.evaluate(() => (globalThis as unknown as { told: string[][] }).told);
  const labels = async (): Promise<string[]> => (await desk.tray.menu()).labels;
  const runs = async (): Promise<number> => {
    const { value } = await call(berth.page, "executions.list", { policy_id: 1 });
    return (value as { total: number }).total;
  };

  test("is not in the tray before there is any", async () => {
    expect(await labels()).toEqual([
      `Running on localhost:${port}`,
      "Open Berth",
      "Copy registry address",
      "Quit Berth",
    ]);
  });

  test("begins in the window: an endpoint and a rule in one dialog", async () => {
    const { page } = berth;
    await page.goto("app://ui/projects/harbour/replication");
    await shots(page, "rules-none");
    await page.getByTestId("rule-add-first").click();
    await expect(page.getByTestId("rule-name")).toBeFocused();
    await page.getByTestId("rule-name").fill(name);
    await page.getByTestId("endpoint-name").fill("second site");
    await page.getByTestId("endpoint-url").fill(far.berth.url);
    await page.getByTestId("endpoint-user").fill(far.courier.name);
    await page.getByTestId("endpoint-secret").fill(far.courier.password);
    await page.getByTestId("endpoint-test").click();
    await expect(page.getByTestId("endpoint-test-result")).toContainText("The registry answers");
    await shots(page, "rule-new");
    await page.getByTestId("rule-save").click();
    await expect(page.getByTestId("rule-state")).toHaveText("Ready");
    await expect(page.getByTestId("jobs-table").getByTestId("state")).toHaveText("Done");
    await shots(page, "rule");
    expect(await digestAt(far.berth, "harbour/app", "v1")).toBe(await digestAt(near, "harbour/app", "v1"));
  });

  test("is in the tray with each rule, what it did, and what can be done", async () => {
    await expect
      .poll(labels)
      .toEqual([
        `Running on localhost:${port}`,
        "Replication is idle",
        `${name}: ready`,
        "Pause all replication",
        "Open Berth",
        "Copy registry address",
        "Quit Berth",
      ]);
    const { inner, checked, tooltip } = await desk.tray.menu();
    expect(tooltip).toBe(`Berth: Running on localhost:${port} · Replication is idle`);
    expect(inner).toContain(`${name}: ready > this registry → second site`);
    expect(inner.some((label) => label.includes("> Last run: done, "))).toBe(true);
    expect(checked).toEqual([`${name}: ready > Enabled`]);
  });

  test("starts from the tray", async () => {
    const before = await runs();
    await desk.tray.press(`${name}: ready > Replicate now`);
    await expect.poll(runs).toBe(before + 1);
  });

  test("is paused from the tray, looks so there and in the window, and goes on", async () => {
    await berth.page.goto("app://ui/administration/replication");
    await expect.poll(labels).toContain("Pause all replication");
    await desk.tray.press("Pause all replication");
    await expect(berth.page.getByTestId("replication-overview")).toContainText("Replication is paused.");
    await expect.poll(labels).toContain("Replication is paused");
    await shots(berth.page, "rules-paused");
    await desk.tray.press("Resume replication");
    await expect.poll(labels).toContain("Replication is idle");
    await expect(berth.page.getByTestId("replication-overview")).not.toContainText("paused");
  });

  test("is told of when it begins to fail, once, and the tray leads to the log", async () => {
    await far.berth.client().users.setPassword({ user_id: far.courier.id, new_password: "Another-12345" });
    await pushLarge(near, "harbour/app", "v2", 100_000);
    await expect.poll(labels).toContain(`${name}: failed`);
    await expect.poll(told).toHaveLength(1);
    expect((await told())[0]?.[0]).toBe(`Replication fails: ${name}`);
    await berth.page.goto("app://ui/projects");
    await desk.tray.press(`${name}: failed > Open the log of the failed job`);
    await expect(berth.page.getByTestId("job-log-text")).toContainText("harbour/app");
    await expect(berth.page).toHaveURL(/app:\/\/ui\/administration\/replication\/1\?run=\d+&log=\d+-\d+/);
    await shots(berth.page, "job-log");
  });

  test("is told of when it works again", async () => {
    const { password: again, id } = far.courier;
    await far.berth.client().users.setPassword({ user_id: id, new_password: again });
    await desk.tray.press(`${name}: failed > Replicate now`);
    await expect.poll(labels).toContain(`${name}: ready`);
    await expect.poll(told).toHaveLength(2);
    expect((await told())[1]?.[0]).toBe(`Replication works again: ${name}`);
    expect(await digestAt(far.berth, "harbour/app", "v2")).toBe(await digestAt(near, "harbour/app", "v2"));
  });

  test("goes on at once when the computer wakes up", async () => {
    await far.berth.registry.stop();
    const digest = await pushLarge(near, "harbour/app", "v3", 100_000);
    await expect.poll(labels).toContain(`${name}: trying again`);
    await far.berth.restart();
    await berth.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit("resume"));
    // By itself it would wait for half a minute.
    await expect.poll(() => digestAt(far.berth, "harbour/app", "v3"), { timeout: 8_000 }).toBe(digest);
  });

  test("is switched off and on in the tray", async () => {
    await expect.poll(labels).toContain(`${name}: ready`);
    await desk.tray.press(`${name}: ready > Enabled`);
    await expect.poll(labels).toContain(`${name}: disabled`);
    expect((await desk.tray.menu()).checked).toEqual([]);
    await expect(berth.page.getByTestId("rule-state")).toHaveText("Disabled");
    await desk.tray.press(`${name}: disabled > Enabled`);
    await expect.poll(labels).toContain(`${name}: ready`);
    await desk.tray.press(`${name}: ready > Open this rule`);
    await expect(berth.page.getByTestId("rule-state")).toHaveText("Ready");
    await expect(berth.page.getByTestId("job-log")).toHaveCount(0);
  });

  test("is nobody's business who is not signed in", async () => {
    await berth.page.getByTestId("user-menu").first().click();
    await berth.page.getByTestId("sign-out").click();
    await expect
      .poll(labels)
      .toEqual([`Running on localhost:${port}`, "Open Berth", "Copy registry address", "Quit Berth"]);
    expect(berth.violations).toEqual([]);
    expect(await told()).toHaveLength(2);
  });
});

/** The registry of the application, reached as docker reaches it. */
function shoreAt(port: number): Shore {
  const url = `http://127.0.0.1:${port}`;
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  return {
    url,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", authorization);
      return fetch(url + path, { ...init, headers });
    },
  };
}
