import { createServer } from "node:net";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { locate, missing, run } from "../parts.ts";
import {
  begin,
  call,
  chooseSettings,
  freePort,
  password,
  startApplication,
  userData,
  type Application,
} from "./application.ts";
import { deskParts, openDesk, type Desk } from "./desk.ts";
import { shots } from "./pictures.ts";

const absent = missing([...deskParts, "skopeo", "docker"]);
test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

let desk: Desk;
let berth: Application;
let port: number;

test.beforeEach(async () => {
  desk = await openDesk({ keychain: false });
  port = await freePort();
});

test.afterEach(async () => {
  await berth.electron.close().catch(() => undefined);
  await desk.close();
});

async function open(settings: Record<string, unknown> = {}): Promise<void> {
  await chooseSettings(desk, { port: await freePort(), tls_port: port, ...settings });
  berth = await startApplication(desk);
  await begin(berth.page);
}

/** What skopeo says of an image that is not there: of the certificate, or of the image. */
async function asked(): Promise<string> {
  const name = `docker://localhost:${port}/library/nothing:1`;
  const inspect = ["inspect", "--creds", `admin:${password}`, name];
  return (await run(locate("skopeo"), inspect, { env: desk.env })).stderr;
}

test("connects the clients of this machine by one click, says what it wrote, and takes it back", async () => {
  await open({ listen: "encrypted" });
  const { page } = berth;
  expect(await asked()).toContain("certificate signed by unknown authority");
  await page.getByRole("link", { name: "Settings" }).click();
  await shots(page, "settings-tls");
  await page.getByTestId("connect-clients").click();
  await expect(page.getByTestId("tls-facts")).toContainText(`localhost:${port}`);
  await expect(page.getByTestId("client-podman")).toHaveAttribute("data-state", "open");
  await shots(page, "clients");

  await page.getByTestId("clients-set-up").click();
  await expect(page.getByTestId("client-podman")).toHaveAttribute("data-state", "ready");
  await expect(page.getByTestId("client-docker")).toHaveAttribute("data-state", "ready");
  await expect(page.getByTestId("clients-set-up")).toHaveCount(0);
  expect(await asked()).toContain("there is no repository library/nothing");

  const file = join(desk.home, `.config/containers/certs.d/localhost:${port}/ca.crt`);
  const shown = page.getByTestId("clients-written").locator("li").filter({ hasText: file });
  await shown.locator("summary").click();
  const pem = await readFile(file, "utf8");
  expect((await shown.locator("pre").textContent())?.trim()).toBe(pem.trim());
  expect(pem).toBe(await readFile(join(userData(desk), "registry/tls/ca.crt"), "utf8"));
  await shots(page, "clients-set-up");

  // As root it would be Berth's to write; in the window it never is.
  const engine = page.getByTestId("client-docker-engine");
  await expect(engine).toHaveAttribute("data-state", "yours");
  await expect(engine).toContainText("sudo install -D -m 644");

  const changed = join(desk.home, `.docker/tls/localhost:${port}/ca.crt`);
  await writeFile(changed, "changed since");
  await page.getByTestId("clients-undo").click();
  await expect(page.getByTestId("clients-left")).toContainText(changed);
  await expect(page.getByTestId("clients-written")).toHaveCount(0);
  await shots(page, "clients-undone");
  await expect(stat(join(desk.home, ".config/containers"))).rejects.toThrow("ENOENT");
  expect(await readFile(changed, "utf8")).toBe("changed since");
  expect(await asked()).toContain("certificate signed by unknown authority");
  expect(berth.violations).toEqual([]);
});

test("says that the port for TLS is taken, goes on without it, and moves to the next free one", async () => {
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  await open();
  const { page } = berth;
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByText(`port ${port} is taken by another program`)).toBeVisible();
  await shots(page, "tls-port-taken");
  await page.getByTestId("tls-use-free-port").click();
  await expect(page.getByTestId("connect-clients")).toBeVisible();
  const { value } = await call(page, "desktop.state");
  const { tls_address, settings } = value as { tls_address: string; settings: { tls_port: number } };
  expect(settings.tls_port).toBeGreaterThan(port);
  expect(tls_address).toBe(`localhost:${settings.tls_port}`);
  other.close();
});

test("does without TLS when that is wished, and says so where clients are connected", async () => {
  await open();
  const { page } = berth;
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByTestId("settings-tls").locator("..").click();
  await expect(page.getByTestId("connect-clients")).toHaveCount(0);
  await page.getByTestId("user-menu").first().click();
  await page.getByTestId("clients").click();
  await expect(page.getByTestId("no-tls")).toBeVisible();
  const { value } = await call(page, "desktop.clients");
  expect(value).toEqual({ addresses: [], clients: [], written: [], left: [] });
});
