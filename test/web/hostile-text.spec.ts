import { expect, test, type Page } from "@playwright/test";
import type { Berth } from "../harness.ts";
import { configType, describe, layerType, pushBlob, putManifest } from "../oci/images.ts";
import { password } from "../people.ts";
import { absent, complaintsOf, inChromium, signIn, startSite } from "./browser.ts";

/** Text that would be a page of its own (CVE-2025-32019), and links that lead away after the sign-in (CVE-2024-22244). */

test.use(inChromium);
test.skip(absent() !== undefined, absent());

const marks = [
  `<img src=x onerror="window.ran='img'">`,
  `<svg/onload="window.ran='svg'">`,
  `</textarea></title><script>window.ran='script'</script>`,
  `[x](javascript:window.ran='link')`,
  `<a href="data:text/html,<script>opener.ran='data'</script>">x</a>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--><img src=x onerror=window.ran=1>">`,
  `{{constructor.constructor("window.ran='vue'")()}}`,
  `<iframe srcdoc="<script>parent.ran='frame'</script>">`,
];
const hostile = marks.join(" ");
const short = marks[0] ?? "";

let berth: Berth;

test.beforeAll(async () => {
  berth = await startSite();
  const admin = berth.client();
  await admin.projects.create({ project_name: "harbour" });
  // A user's and a robot's name hold no sign that a log or another program would take for its own.
  const draft = {
    username: "<b>eve<",
    email: "eve@example.test",
    realname: short.replace(/["'$%#~:,]/g, ""),
  };
  const { id } = await admin.users.create({ ...draft, comment: "<svg/onload=alert(1)>", password });
  const access = [{ resource: "repository", action: "pull" }];
  for (const [level, namespace] of [
    ["project", "harbour"],
    ["system", "*"],
  ] as const) {
    const permissions = [{ kind: "project" as const, namespace, access }];
    await admin.robots.create({ name: "build", level, description: hostile, permissions });
  }
  await admin.members.create({
    project_name_or_id: "harbour",
    role_id: 1,
    member_user: { user_id: Number(id) },
  });
  const annotations = { "org.opencontainers.image.title": hostile, [short]: hostile };
  const config = {
    architecture: hostile,
    os: hostile,
    author: hostile,
    config: { Env: [hostile], Cmd: [hostile], Labels: { [short]: hostile }, WorkingDir: hostile },
    history: [{ created_by: hostile, comment: hostile, author: hostile }],
  };
  const [text, layer] = [JSON.stringify(config), "layer"];
  await pushBlob(berth, "harbour/app", text);
  await pushBlob(berth, "harbour/app", layer);
  const layers = [describe(layerType, layer)];
  const manifest = { schemaVersion: 2, config: describe(configType, text), layers, annotations };
  expect((await putManifest(berth, "harbour/app/manifests/v1", manifest)).status).toBe(201);
  const at = { project_name: "harbour", repository_name: "app" };
  await admin.repositories.update({ ...at, description: hostile });
  await admin.configurations.update({ banner_message: hostile, email_from: hostile.slice(0, 200) });
  await berth.fetch("/v2/", { as: { name: short, password: "no" }, headers: { "user-agent": hostile } });
});
test.afterAll(() => berth?.close());

/** What was tried to be reached that is not the registry, and what spoke up. */
function watch(page: Page): { away: string[]; dialogs: string[] } {
  const seen = { away: [] as string[], dialogs: [] as string[] };
  page.on("request", (request) => {
    if (!request.url().startsWith(`${berth.url}/`) && !request.url().startsWith("data:"))
      seen.away.push(request.url());
  });
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  return seen;
}

/** Where one goes, and something hostile that stands there to be read. */
const views: [path: string, text?: string][] = [
  ["/projects"],
  ["/projects/harbour"],
  ["/projects/harbour/members", "<b>eve<"],
  ["/projects/harbour/robots", short],
  ["/projects/harbour/logs", "<b>eve<"],
  ["/projects/harbour/repositories/app", short],
  ["/projects/harbour/repositories/app/-/v1", short],
  ["/projects/harbour/repositories/app/-/v1?show=configuration", short],
  ["/projects/harbour/repositories/app/-/v1?show=layers", short],
  ["/administration/users", "<b>eve<"],
  ["/administration/robots", short],
  ["/administration/logs", short],
  ["/administration/configuration/mail"],
  ["/account"],
  [`/projects?text=${encodeURIComponent(short)}`],
  ["/nowhere/%3Csvg%2Fonload=alert(1)%3E"],
];

test("what people and images are called is only ever text", async ({ page }) => {
  const complaints = await complaintsOf(page);
  const seen = watch(page);
  await signIn(page, berth);
  for (const [view, text] of views) {
    await page.goto(berth.url + view);
    // The banner stands above every page.
    await expect(page.getByText(short).first(), view).toBeVisible();
    if (text) await expect(page.getByRole("main").getByText(text).first(), view).toBeVisible();
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => (window as unknown as { ran?: string }).ran), view).toBeUndefined();
    for (const link of await page.locator("a[href]").all())
      expect(await link.getAttribute("href"), view).not.toMatch(/^\s*(javascript|data|vbscript):/i);
  }
  await page.goto(`${berth.url}/projects/harbour/repositories/app`);
  for (const mark of marks) await expect(page.getByText(mark).first()).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type(short);
  await page.waitForTimeout(500);
  expect(await page.evaluate(() => (window as unknown as { ran?: string }).ran)).toBeUndefined();
  expect(seen).toEqual({ away: [], dialogs: [] });
  expect(complaints.filter((one) => !/status of 404/.test(one))).toEqual([]);
});

for (const next of [
  "//evil.example/x",
  "/\\evil.example/x",
  "https://evil.example/x",
  "javascript:window.ran=1",
  "/\t/evil.example",
  "/projects/harbour/members",
]) {
  test(`who signs in by a link that goes on to ${JSON.stringify(next)} stays here`, async ({ page }) => {
    const seen = watch(page);
    await page.goto(`${berth.url}/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByTestId("sign-in-name").fill(berth.admin.name);
    await page.getByTestId("sign-in-password").fill(berth.admin.password);
    await page.getByTestId("sign-in-submit").click();
    await expect(page.getByTestId("user-menu")).toContainText(berth.admin.name);
    await page.waitForTimeout(300);
    expect(new URL(page.url()).origin).toBe(berth.url);
    if (next.endsWith("/members")) expect(page.url()).toBe(berth.url + next);
    expect(await page.evaluate(() => (window as unknown as { ran?: number }).ran)).toBeUndefined();
    expect(seen).toEqual({ away: [], dialogs: [] });
  });
}
