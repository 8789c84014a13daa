import { expect, test, type Page } from "@playwright/test";
import { base, groupDn, password, readerDn, readerPassword } from "../access/entries.ts";
import { startSlapd, type Slapd } from "../access/slapd.ts";
import type { Berth } from "../harness.ts";
import { part } from "../parts.ts";
import { absent, inChromium, signIn, startSite } from "./browser.ts";

const missing = (["slapd", "ldapmodify", "openssl"] as const).find((name) => part(name) === undefined);

test.use(inChromium);
test.skip(absent() !== undefined, absent());
test.skip(missing !== undefined, `${missing} is missing`);

/** A registry whose users are kept by a real directory, as its administrator sets it up on the pages. */
test.describe.serial("a directory", () => {
  let slapd: Slapd;
  let berth: Berth;
  let page: Page;

  test.beforeAll(async ({ browser }) => {
    slapd = await startSlapd();
    berth = await startSite();
    page = await browser.newPage(inChromium);
    await signIn(page, berth);
  });

  test.afterAll(async () => {
    await page?.close();
    await berth?.close();
    await slapd?.close();
  });

  const fill = (key: string, text: string) => page.getByTestId(`settings-${key}`).fill(text);
  const notice = (text: string) => page.getByTestId("notice").filter({ hasText: text });

  test("is tried before it is kept, and what is wrong is told in words", async () => {
    await page.goto(`${berth.url}/administration/configuration/authentication`);
    await expect(page.getByTestId("settings-ldap_url")).toHaveCount(0);
    await page.getByTestId("settings-auth_mode-ldap_auth").click();
    await fill("ldap_url", slapd.url);
    await fill("ldap_search_dn", readerDn);
    await fill("ldap_search_password", "wrong");
    await fill("ldap_base_dn", base);
    await fill("ldap_filter", "(objectClass=inetOrgPerson)");
    await page.getByTestId("test-ldap").click();
    const result = page.getByTestId("test-ldap-result");
    await expect(result).toContainText("refuses the search account");
    await fill("ldap_search_password", readerPassword);
    await expect(result).toBeEmpty();
    await page.getByTestId("test-ldap").click();
    await expect(result).toContainText("The directory answers");
    await fill("ldap_group_base_dn", `ou=groups,${base}`);
    await fill("ldap_group_search_filter", "objectClass=groupOfNames");
    await page.getByTestId("settings-save").click();
    await expect(notice("Saved:")).toBeVisible();
  });

  test("gives people before they sign in for the first time", async () => {
    await page.getByTestId("admin-users").click();
    await expect(page.getByTestId("user-add")).toHaveCount(0);
    await page.getByTestId("user-import").click();
    await page.getByRole("dialog").getByTestId("filter").fill("bob");
    await page.getByTestId("found-bob").click();
    await page.getByTestId("directory-take").click();
    await expect(page.getByTestId("user-row-bob")).toBeVisible();
    await page.getByTestId("admin-configuration").click();
    await expect(page.getByText("The mode is fixed while there are users besides admin")).toBeVisible();
  });

  test("gives groups, which become members of projects with all who are in them", async () => {
    await page.getByTestId("admin-groups").click();
    await page.getByTestId("group-add").click();
    await page.getByRole("dialog").getByTestId("filter").fill("dev");
    await page.getByTestId(`found-${groupDn("developers")}`).click();
    await page.getByTestId("directory-take").click();
    await expect(page.getByTestId("group-row-developers")).toBeVisible();
    await page.goto(`${berth.url}/projects/library/members`);
    await page.getByTestId("member-add").click();
    await page.getByTestId("suggest").fill("dev");
    await page.getByTestId("suggestion-developers").click();
    await page.getByTestId("member-add-save").click();
    await expect(page.getByTestId("member-row-developers")).toContainText("Group");
  });

  test("lets its people in, who change name and password there and not here", async ({ browser }) => {
    const ann = await browser.newPage(inChromium);
    await ann.goto(`${berth.url}/sign-in`);
    await expect(ann.getByTestId("sign-in-name")).toBeVisible();
    for (const gone of ["sign-up", "forgot"]) await expect(ann.getByTestId(gone)).toHaveCount(0);
    await signIn(ann, berth, { name: "ann", password });
    await ann.goto(`${berth.url}/account`);
    await expect(ann.getByText("kept by your organisation’s directory")).toBeVisible();
    await expect(ann.getByTestId("old-password")).toHaveCount(0);
    await ann.goto(`${berth.url}/projects?show=mine`);
    await expect(ann.getByTestId("project-row-library")).toBeVisible();
    await ann.close();
  });
});
