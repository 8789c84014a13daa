import { cpus, loadavg } from "node:os";
import { expect, test } from "@playwright/test";
import { openDockerEngine, type DockerEngine } from "../clients/docker-engine.ts";
import { missing } from "../parts.ts";
import {
  begin,
  call,
  chooseSettings,
  closeWindow,
  freePort,
  isVisible,
  startApplication,
  type Application,
} from "./application.ts";
import { deskParts, openDesk, type Desk } from "./desk.ts";
import { makesPictures, shots } from "./pictures.ts";

/**
 * One person's first hour with Berth: each test goes on where the one before it ended. `program` is a packed
 * application; without it the build in `out/` is run.
 */
export function firstHour(title: string, program: () => Promise<string | undefined>): void {
  test.describe.serial(title, () => {
    const absent = missing([...deskParts, "keytar", "docker", "dockerd"]);
    test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

    let packed: string | undefined;
    let desk: Desk;
    let engine: DockerEngine;
    let port: number;
    let berth: Application;

    test.beforeAll(async () => {
      test.setTimeout(300_000);
      packed = await program();
      [desk, engine, port] = await Promise.all([
        openDesk(),
        openDockerEngine(),
        makesPictures ? 5100 : freePort(),
      ]);
      await chooseSettings(desk, { port });
    });

    test.afterAll(async () => {
      await berth?.electron.close().catch(() => undefined);
      await engine?.close();
      await desk?.close();
    });

    test("opens a window that asks for the administrator's first password", async () => {
      berth = await startApplication(desk, { program: packed });
      test.info().annotations.push({ type: "window open", description: `${Math.round(berth.opened)} ms` });
      await expect(berth.page.getByTestId("first-begin")).toBeVisible();
      expect(berth.page.url()).toMatch(/^app:\/\/ui\//);
      await shots(berth.page, "first-start");
    });

    test("signs the new administrator in and shows the projects", async () => {
      await begin(berth.page);
      await expect(berth.page.getByTestId("project-row-library")).toBeVisible();
      await expect(berth.page.getByTestId("registry-address").first()).toContainText(`localhost:${port}`);
    });

    test("keeps the session in the keychain and tells so", async () => {
      const { value } = await call(berth.page, "desktop.state", {});
      expect(value).toMatchObject({ secret_store: "the keychain of this computer", running: true });
    });

    test("creates a project", async () => {
      await berth.page.getByTestId("project-create").click();
      await berth.page.getByTestId("project-name").fill("harbour");
      await shots(berth.page, "project-new");
      await berth.page.getByTestId("project-save").click();
      await berth.page.goto("app://ui/projects");
      await expect(berth.page.getByTestId("project-row-harbour")).toBeVisible();
      await shots(berth.page, "projects");
    });

    test("shows a pushed repository within a second, without a click", async () => {
      const image = `localhost:${port}/harbour/hello:1.0`;
      await engine.importImage(image, { "hello.txt": "hello" });
      const login = ["login", "-u", "admin", "--password-stdin", `localhost:${port}`];
      expect((await engine.dockerWith({ input: "Harbor-12345" }, ...login)).code).toBe(0);

      await berth.page.getByTestId("project-row-harbour").getByRole("link").first().click();
      const row = berth.page.getByTestId("repository-row-hello");
      await expect(row).toHaveCount(0);
      expect((await engine.docker("push", image)).code).toBe(0);
      const pushed = performance.now();
      await expect(row).toBeVisible();
      const seen = performance.now() - pushed;
      test.info().annotations.push({ type: "pushed to seen", description: `${Math.round(seen)} ms` });
      // As long as others use the processors too, a second is not one.
      expect(seen).toBeLessThan(1_000 * Math.max(1, (loadavg()[0] ?? 0) / cpus().length));
      await shots(berth.page, "repositories");
    });

    test("shows the tag and the command that pulls it", async () => {
      await berth.page.getByTestId("repository-row-hello").getByRole("link").first().click();
      await expect(berth.page.getByTestId("tag-1.0")).toBeVisible();
      await shots(berth.page, "repository");
      await berth.page.getByTestId("copy-pull").first().click();
      const copied = await berth.electron.evaluate(({ clipboard }) => clipboard.readText());
      expect(copied).toBe(`docker pull localhost:${port}/harbour/hello:1.0`);
      await berth.page.getByTestId("tag-1.0").click();
      await expect(berth.page.getByRole("heading", { level: 1 })).toBeVisible();
      await shots(berth.page, "artifact");
    });

    test("has an icon in the tray that says where the registry runs", async () => {
      const menu = await desk.tray.menu();
      expect(menu).toMatchObject({
        there: true,
        tooltip: `Berth: Running on localhost:${port}`,
        labels: [`Running on localhost:${port}`, "Open Berth", "Copy registry address", "Quit Berth"],
        disabled: [`Running on localhost:${port}`],
      });
      await desk.tray.press("Copy registry address");
      await expect
        .poll(() => berth.electron.evaluate(({ clipboard }) => clipboard.readText()))
        .toBe(`localhost:${port}`);
    });

    test("goes on in the tray when its window is closed, and comes back from there", async () => {
      await closeWindow(berth.electron);
      await expect.poll(() => isVisible(berth.electron)).toBe(false);
      expect((await engine.docker("pull", `localhost:${port}/harbour/hello:1.0`)).code).toBe(0);
      await desk.tray.press("Open Berth");
      await expect.poll(() => isVisible(berth.electron)).toBe(true);
    });

    test("lets an upload that is under way finish when it quits from the tray", async () => {
      const answer = slowUpload(port);
      await expect.poll(async () => (await answer.began) && (await desk.tray.menu()).there).toBe(true);
      const { ended } = berth;
      await desk.tray.press("Quit Berth");
      expect(await answer.status).toBe(202);
      expect(await ended).toBe(0);
      expect((await desk.tray.menu()).there).toBe(false);
    });

    test("is still signed in at the next start", async () => {
      berth = await startApplication(desk, { program: packed });
      await expect(berth.page.getByTestId("project-row-harbour")).toBeVisible();
      await expect(berth.page.getByTestId("user-menu").first()).toBeVisible();
    });

    test("has asked for nothing that the page's policy refuses", async () => {
      for (const path of ["/settings", "/account", "/welcome", "/nowhere"]) {
        await berth.page.goto(`app://ui${path}`);
        await expect(berth.page.locator("main")).toBeVisible();
        await shots(berth.page, path.slice(1));
      }
      expect(berth.violations).toEqual([]);
    });

    test("asks for the password again once its person has signed out", async () => {
      await berth.page.getByTestId("user-menu").first().click();
      await berth.page.getByTestId("sign-out").click();
      await berth.page.goto("app://ui/sign-in");
      await shots(berth.page, "sign-in");
      await berth.page.getByTestId("sign-in-name").fill("admin");
      await berth.page.getByTestId("sign-in-password").fill("Harbor-12345");
      await berth.page.getByTestId("sign-in-submit").click();
      await expect(berth.page.getByTestId("project-row-harbour")).toBeVisible();
    });
  });
}

/** A PATCH whose second half comes a second after its first. */
function slowUpload(port: number): { began: Promise<boolean>; status: Promise<number> } {
  const origin = `http://127.0.0.1:${port}`;
  const authorization = `Basic ${Buffer.from("admin:Harbor-12345").toString("base64")}`;
  let tell: (value: boolean) => void;
  const began = new Promise<boolean>((done) => (tell = done));

  async function send(): Promise<number> {
    const opened = await fetch(`${origin}/v2/harbour/hello/blobs/uploads/`, {
      method: "POST",
      headers: { authorization },
    });
    const location = new URL(opened.headers.get("location") ?? "", origin);
    async function* halves(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1000);
      tell(true);
      await new Promise((done) => setTimeout(done, 1_500));
      yield new Uint8Array(1000);
    }
    const patched = await fetch(location, {
      method: "PATCH",
      headers: { authorization, "content-type": "application/octet-stream" },
      body: halves() as unknown as BodyInit,
      duplex: "half",
    } as RequestInit);
    return patched.status;
  }
  return { began, status: send() };
}
