import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { filesIn, indexIn, tarOf } from "../archives/archive.ts";
import { missing } from "../parts.ts";
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

/** Somebody who carries a project from one machine to another, at the window. */
test.describe.serial("archives at the window", () => {
  const absent = missing(deskParts);
  test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

  let desk: Desk;
  let berth: Application;
  let port: number;
  let folder: string;

  test.beforeAll(async () => {
    [desk, port] = [await openDesk(), await freePort()];
    folder = join(desk.home, "stick");
    await mkdir(folder);
    await chooseSettings(desk, { port });
    berth = await startApplication(desk);
    await begin(berth.page);
    for (const project_name of ["shop", "moved", "dropped"])
      await call(berth.page, "projects.create", { project_name });
    await pushLayer("shop/big", 150 * 2 ** 20);
    await pushLayer("moved/small", 1000);
  });

  test.afterAll(async () => {
    await berth?.electron.close();
    await desk?.close();
  });

  /** An image of one layer, by the path that docker takes. */
  async function pushLayer(name: string, size: number): Promise<void> {
    const headers = { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` };
    const at = (path: string): string => `http://127.0.0.1:${port}/v2/${name}/${path}`;
    const keep = async (bytes: Buffer): Promise<{ digest: string; size: number }> => {
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      const body = bytes as unknown as BodyInit;
      await fetch(at(`blobs/uploads/?digest=${digest}`), { method: "POST", headers, body });
      return { digest, size: bytes.length };
    };
    const type = "application/vnd.oci.image";
    const config = { mediaType: `${type}.config.v1+json`, ...(await keep(Buffer.from('{"os":"linux"}'))) };
    const layer = { mediaType: `${type}.layer.v1.tar`, ...(await keep(randomBytes(size))) };
    const mediaType = `${type}.manifest.v1+json`;
    const put = await fetch(at("manifests/1.0"), {
      method: "PUT",
      headers: { ...headers, "content-type": mediaType },
      body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }),
    });
    expect(put.status).toBe(201);
  }

  /** What the system's dialogs answer from now on; nobody sits at this desk. */
  async function answerDialogs(path: string | undefined): Promise<void> {
    await berth.electron.evaluate(({ dialog }, path) => {
      const canceled = path === undefined;
      dialog.showSaveDialog = () => Promise.resolve({ canceled, filePath: path ?? "" });
      dialog.showOpenDialog = () => Promise.resolve({ canceled, filePaths: canceled ? [] : [path] });
    }, path);
  }

  const choose = async (verb: "export" | "import"): Promise<void> => {
    await berth.page.getByTestId("menu-archive").click();
    await berth.page.getByTestId(`${verb}-archive`).click();
  };

  test("writes a project to a file that is whole, or not there", async () => {
    const { page } = berth;
    await page.goto("app://ui/projects/moved");
    await answerDialogs(undefined);
    await choose("export");
    await expect(page.getByTestId("archive-dialog")).toHaveCount(0);

    const path = join(folder, "moved.tar");
    await answerDialogs(path);
    await choose("export");
    await expect(page.getByTestId("archive-saved")).toContainText("The archive is saved.");
    await page.getByTestId("archive-close").click();
    expect(await readdir(folder)).toEqual(["moved.tar"]);
    expect((await stat(path)).mode & 0o077).toBe(0);
    const [entry] = indexIn(await filesIn(await readFile(path)));
    expect(entry?.annotations?.["org.opencontainers.image.ref.name"]).toBe("small:1.0");
  });

  test("takes in an archive that the person chooses, and shows what came", async () => {
    const { page } = berth;
    await page.goto("app://ui/projects/dropped");
    await answerDialogs(join(folder, "moved.tar"));
    await choose("import");
    await expect(page.getByTestId("archive-done")).toContainText("1 artifact is here now.");
    await page.getByTestId("archive-close").click();
    await expect(page.getByTestId("repository-row-small")).toBeVisible();
  });

  test("takes in a file that is dropped on the window, without the page learning where it is", async () => {
    const { page } = berth;
    await call(page, "projects.create", { project_name: "by-mouse" });
    await page.goto("app://ui/projects/by-mouse");
    await expect(page.getByText("Or drop an archive here")).toBeVisible();
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [join(folder, "moved.tar")], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver"] as const)
      await session.send("Input.dispatchDragEvent", { type, x: 500, y: 400, data });
    await expect(page.getByTestId("archive-drop")).toContainText("Drop to import into by-mouse");
    await session.send("Input.dispatchDragEvent", { type: "drop", x: 500, y: 400, data });
    await expect(page.getByTestId("archive-done")).toContainText("1 artifact is here now.");
    await page.getByTestId("archive-close").click();
    await expect(page.getByTestId("repository-row-small")).toBeVisible();
  });

  test("takes no path from the page, and no file that the page has made itself", async () => {
    const { page } = berth;
    const path = join(folder, "moved.tar");
    for (const input of [
      { project: "shop", path },
      { project: "shop", again: path },
    ])
      expect(await call(page, "desktop.importArchive", input)).toMatchObject({
        error: { code: "BAD_REQUEST" },
      });
    const made = await page.evaluate(() => {
      const { berth } = window as unknown as { berth: { call(...all: unknown[]): Promise<unknown> } };
      const path = "/etc/passwd";
      const own = new File(["x"], path);
      const forged = Object.defineProperty(new File(["x"], path), "path", { value: path });
      const posing = Object.create(File.prototype, { path: { value: path } }) as File;
      const files = [own, forged, posing, { path }, path];
      return Promise.all(files.map((file) => berth.call("desktop.importArchive", { project: "shop" }, file)));
    });
    const message = "that is no file of this computer";
    expect(made).toEqual(made.map(() => ({ error: { code: "BAD_REQUEST", message } })));
  });

  test("asks for a repository when the archive names none, and remembers the file", async () => {
    const { page } = berth;
    const files = await filesIn(await readFile(join(folder, "moved.tar")));
    const index = JSON.parse(String(files.get("index.json"))) as { manifests: { annotations?: object }[] };
    for (const entry of index.manifests) delete entry.annotations;
    files.set("index.json", Buffer.from(JSON.stringify(index)));
    await writeFile(join(folder, "nameless.tar"), await tarOf([...files]));
    await page.goto("app://ui/projects/by-mouse");
    await answerDialogs(join(folder, "nameless.tar"));
    await choose("import");
    await expect(page.getByTestId("archive-why")).toContainText("does not say what its images are called");
    await answerDialogs(undefined);
    await page.getByTestId("archive-repository").fill("given");
    await page.getByTestId("archive-into").click();
    await expect(page.getByTestId("archive-row")).toHaveText([/given/]);
    await page.getByTestId("archive-close").click();
  });

  test("shows how far a large archive is, and forgets it when it is cancelled", async () => {
    const { page } = berth;
    const large = join(folder, "large.tar");
    const digits = "0".repeat(64);
    const header = (await tarOf([[`blobs/sha256/${digits}`, "x"]])).subarray(0, 512);
    header.write("40000000000\0", 124, "latin1");
    header.fill(" ", 148, 156);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0`, 148, "latin1");
    // Four gibibytes, of which the disk holds one block.
    const file = await open(large, "w");
    await file.write(header);
    await file.truncate(512 + 4 * 2 ** 30);
    await file.close();

    await page.goto("app://ui/projects/by-mouse");
    await answerDialogs(large);
    await choose("import");
    const progress = page.getByTestId("archive-progress");
    await expect.poll(async () => Number(await progress.getAttribute("aria-valuenow"))).toBeGreaterThan(0);
    await expect(page.getByTestId("archive-dialog")).toContainText("of 4 GiB");
    await page.getByTestId("archive-cancel").click();
    await expect(progress).toHaveCount(0);
    await expect.poll(() => readdir(join(desk.home, ".config/Berth/registry/uploads"))).toEqual([]);
    expect(await call(page, "system.ping")).toEqual({ value: "Pong" });
  });

  test("leaves no half of an export that is cancelled, nor of one for which there is no room", async () => {
    const { page } = berth;
    await answerDialogs(join(folder, "shop.tar"));
    const answer = await page.evaluate(async () => {
      interface Bridge {
        call(name: string, input: unknown): Promise<unknown>;
        on(listener: (event: { name: string; bytes?: number }) => void): () => void;
      }
      const { berth } = window as unknown as { berth: Bridge };
      const stop = berth.on(({ name }) => {
        if (name === "archive.moved") void berth.call("desktop.cancelArchive", {});
      });
      const said = await berth.call("desktop.exportArchive", { project: "shop" });
      stop();
      return said;
    });
    expect(answer).toEqual({ value: { saved: false } });
    expect(await readdir(folder)).not.toContain("shop.tar.partial");
    expect(await readdir(folder)).not.toContain("shop.tar");

    await answerDialogs("/dev/full/shop.tar");
    const refused = await call(page, "desktop.exportArchive", { project: "shop" });
    expect(refused.error?.message).toContain("writing the archive");
    await answerDialogs(join(folder, "shop.tar"));
    expect(await call(page, "desktop.exportArchive", { project: "shop" })).toEqual({
      value: { saved: true },
    });
  });

  test("does as much as who is signed in may, and no more", async () => {
    const { page } = berth;
    await call(page, "session.close", {});
    await answerDialogs(join(folder, "moved.tar"));
    for (const name of ["desktop.exportArchive", "desktop.importArchive"])
      expect(await call(page, name, { project: "shop" })).toMatchObject({ error: { code: "UNAUTHORIZED" } });
  });

  test("asks nothing of the page that its policy forbids", () => {
    expect(berth.violations).toEqual([]);
  });
});
