import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type ElectronApplication, type Page } from "@playwright/test";
import { openSecretFile } from "../../registry/secrets.ts";
import { missing } from "../parts.ts";
import {
  begin,
  call,
  chooseSettings,
  freePort,
  root,
  startApplication,
  userData,
  type Application,
} from "./application.ts";
import { askForEverything, callSenselessly, tryToBreakPolicy } from "./attacks.ts";
import { deskParts, openDesk, type Desk } from "./desk.ts";

const absent = missing(deskParts);
test.skip(absent.length > 0, `missing: ${absent.join(", ")}`);

let desk: Desk;
let berth: Application;

test.beforeAll(async () => {
  // Without a keychain the session's token is in a file that this test can read, to look for it elsewhere.
  desk = await openDesk({ keychain: false });
  await chooseSettings(desk, { port: await freePort() });
  berth = await startApplication(desk);
  await begin(berth.page);
  await expect(berth.page.getByTestId("project-row-library")).toBeVisible();
});

test.afterAll(async () => {
  await berth?.electron.close();
  await desk?.close();
});

type Check = [title: string, run: (page: Page, electron: ElectronApplication) => Promise<void> | void];

/** Each of them holds in the window as it runs. */
const checks: Check[] = [
  [
    "1, 2, 4: every page is isolated, sandboxed, and has no more than that",
    async (_, electron) => {
      const all = await electron.evaluate(({ webContents }) =>
        webContents.getAllWebContents().map((contents) => {
          const { getLastWebPreferences } = contents as unknown as { getLastWebPreferences(): object };
          return getLastWebPreferences.call(contents);
        }),
      );
      expect(all).toHaveLength(1);
      expect(all[0]).toMatchObject({
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
      });
    },
  ],
  [
    "3: Node is not in the page",
    async (page) => {
      const types = await page.evaluate(() => [
        typeof Reflect.get(window, "process"),
        typeof Reflect.get(window, "require"),
      ]);
      expect(types).toEqual(["undefined", "undefined"]);
    },
  ],
  [
    "4: a webview is an element like any unknown one",
    async (page) => {
      const shown = await page.evaluate(() => {
        const view = document.createElement("webview");
        view.setAttribute("src", "https://example.test/");
        document.body.append(view);
        const isInert = view.shadowRoot === null && !("getWebContentsId" in view);
        view.remove();
        return isInert;
      });
      expect(shown).toBe(true);
    },
  ],
  ["6: the page comes from a scheme of its own", (page) => void expect(page.url()).toMatch(/^app:\/\/ui\//)],
  [
    "8: the scheme serves the built files and nothing else",
    async (page) => {
      const paths = [
        "/../../package.json",
        "/..%2f..%2fpackage.json",
        "/%5c..%5cpackage.json",
        "/etc/passwd.txt",
      ];
      paths.push(
        "/assets/../../main/main.cjs",
        "/main/main.cjs",
        "/.env",
        "/assets/none.js",
        "/a//b",
        "/%252e%252e/x.js",
      );
      const answers = await page.evaluate(
        (paths) =>
          Promise.all(paths.map((path) => fetch(new URL(path, "app://ui/")).then(({ status }) => status))),
        paths,
      );
      expect(answers).toEqual(paths.map(() => 404));
      const post = await page.evaluate(() => fetch("/", { method: "POST" }).then(({ status }) => status));
      expect(post).toBe(405);
    },
  ],
  [
    "8: a thousand strange paths lead to the page or to nothing",
    async (page) => {
      const strange = await page.evaluate(async () => {
        const page = await (await fetch("/")).text();
        const bits = [
          "..",
          "%2e%2e",
          "%5c",
          "%2f",
          "/",
          "etc",
          "passwd",
          "main.cjs",
          "package.json",
          "%00",
          "~",
          ":",
          "é",
          "C:",
        ];
        const found: string[] = [];
        for (let number = 0; number < 1000; number += 1) {
          const path = Array.from({ length: 5 }, () => bits[Math.floor(Math.random() * bits.length)]).join(
            "",
          );
          const answer = await fetch(`app://ui/${path}`).catch(() => undefined);
          if (answer?.ok && (await answer.text()) !== page) found.push(path);
        }
        return found;
      });
      expect(strange).toEqual([]);
    },
  ],
  [
    "9: the policy forbids what the page did not bring",
    async (page) => {
      const policy = await page.evaluate(() =>
        fetch("/").then(({ headers }) => headers.get("content-security-policy")),
      );
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).not.toContain("unsafe");
      const broken = await page.evaluate(tryToBreakPolicy);
      expect(broken).toEqual([]);
    },
  ],
  [
    "10: nothing leads the window away",
    async (page, electron) => {
      const url = page.url();
      const places = [
        "https://example.test/",
        "file:///etc/passwd",
        "app://other/",
        "data:text/html,x",
        "blob:app://ui/x",
      ];
      for (const place of places) {
        await page.evaluate((place) => {
          location.href = place;
          const link = Object.assign(document.createElement("a"), { href: place, target: "_top" });
          document.body.append(link);
          link.click();
          link.remove();
        }, place);
      }
      await page.waitForTimeout(300);
      expect(page.url()).toBe(url);
      expect(await windows(electron)).toBe(1);
    },
  ],
  [
    "11: no window opens another",
    async (page, electron) => {
      const opened = await page.evaluate(() => {
        const link = Object.assign(document.createElement("a"), {
          href: "https://example.test/",
          target: "_blank",
        });
        document.body.append(link);
        link.click();
        link.remove();
        return [open("https://example.test/"), open("/", "named"), open("about:blank")].map(
          (window) => window === null,
        );
      });
      expect(opened).toEqual([true, true, true]);
      expect(await windows(electron)).toBe(1);
    },
  ],
  [
    "13: every permission is refused but writing to the clipboard",
    async (page) => {
      expect(await page.evaluate(askForEverything)).toEqual({
        geolocation: "refused",
        camera: "refused",
        screen: "refused",
        notifications: "refused",
        midi: "refused",
        clipboard: "refused",
        usb: "refused",
        serial: "refused",
        hid: "refused",
        copying: "granted",
      });
    },
  ],
  [
    "14: no worker outlives or leaves the page",
    async (page) => {
      const made = await page.evaluate(async () => {
        const service = await navigator.serviceWorker?.register("/sw.js").then(
          () => "made",
          () => "refused",
        );
        const shared = await new Promise((done) => {
          try {
            new SharedWorker(new URL("/index.html", location.href)).onerror = () => done("refused");
            setTimeout(() => done("made"), 1000);
          } catch {
            done("refused");
          }
        });
        return [service ?? "refused", shared];
      });
      expect(made).toEqual(["refused", "refused"]);
    },
  ],
  [
    "17, 18: the page holds two functions, from a preload of a few lines",
    async (page) => {
      const bridge = await page.evaluate(() => {
        const berth = Reflect.get(window, "berth") as Record<string, unknown>;
        return Object.entries(berth).map(([name, value]) => [name, typeof value]);
      });
      expect(bridge).toEqual([
        ["call", "function"],
        ["on", "function"],
      ]);
      const preload = join(root, "out/preload/preload.cjs");
      expect(statSync(preload).size).toBeLessThan(10_000);
      expect(readFileSync(preload, "utf8").match(/require\([^)]*\)/g)).toEqual(['require("electron")']);
    },
  ],
  [
    "19: another page in the same window is not answered",
    async (page, electron) => {
      const go = async (url: string): Promise<void> => {
        await electron.evaluate(
          ({ BrowserWindow }, url) => BrowserWindow.getAllWindows()[0]?.loadURL(url),
          url,
        );
        await page.waitForURL(url);
      };
      await go("data:text/html,<title>other</title>");
      expect(await call(page, "system.ping", {})).toMatchObject({ error: { code: "DENIED" } });
      await go("app://ui/projects");
      expect(await call(page, "system.ping", {})).toEqual({ value: "Pong" });
    },
  ],
  [
    "20: thousands of senseless calls get a fault each, and the window stays quick",
    async (page, electron) => {
      await electron.evaluate(() => {
        let last = performance.now();
        const watch = { longest: 0 };
        setInterval(() => {
          watch.longest = Math.max(watch.longest, performance.now() - last - 10);
          last = performance.now();
        }, 10);
        Reflect.set(globalThis, "watch", watch);
      });
      const codes = await page.evaluate(callSenselessly);
      expect(codes).toEqual(["BAD_REQUEST", "NOT_FOUND"]);
      const longest = await electron.evaluate(
        () => (Reflect.get(globalThis, "watch") as { longest: number }).longest,
      );
      test.info().annotations.push({ type: "longest stall", description: `${Math.round(longest)} ms` });
      expect(longest).toBeLessThan(200);
      expect(await call(page, "system.ping", {})).toEqual({ value: "Pong" });
    },
  ],
  [
    "21: the session's token is nowhere in the page's memory",
    async (page) => {
      const token = await (await openSecretFile(join(userData(desk), "secrets.json"))).get("session");
      expect(token).toMatch(/.{20}/);
      const session = await page.context().newCDPSession(page);
      let heap = "";
      session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => (heap += chunk));
      await session.send("HeapProfiler.takeHeapSnapshot");
      expect(heap).toContain("project-row-library");
      expect(heap).not.toContain(token);
    },
  ],
  [
    "22: no path from the page is used",
    async (page) => {
      for (const [name, input] of [
        ["desktop.configure", { data_dir: "/etc" }],
        ["desktop.chooseFolder", { path: "/etc" }],
        ["desktop.reveal", { path: "/etc/passwd" }],
        ["desktop.openWeb", { url: "file:///etc/passwd" }],
      ] as const) {
        expect(await call(page, name, input)).toMatchObject({ error: { code: "BAD_REQUEST" } });
      }
    },
  ],
  [
    "26: what it keeps is its owner's alone",
    () => {
      const folder = userData(desk);
      expect(statSync(folder).mode & 0o077).toBe(0);
      const own = ["secrets.json", "secrets.json.key", "secret-store.json", "logs/berth.log"];
      for (const name of own) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    },
  ],
];

for (const [title, run] of checks) test(title, () => run(berth.page, berth.electron));

function windows(electron: ElectronApplication): Promise<number> {
  return electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path);
    return /\.(ts|vue)$/.test(entry.name) ? [path] : [];
  });
}

/** Where in the sources a dangerous word may stand. */
const places: [word: RegExp, files: string[]][] = [
  [/new BrowserWindow\(|new WebContentsView\(/, ["main/window.ts"]],
  [/ipcMain\./, ["main/ipc.ts"]],
  [/shell\./, ["main/desktop.ts"]],
  [/loadFile\(|loadURL\(['"`]http/, []],
  [/contextIsolation: false|sandbox: false|nodeIntegration: true|webSecurity: false|bypassCSP/, []],
  [/certificate-error|setCertificateVerifyProc|rejectUnauthorized: false|NODE_TLS_REJECT/, []],
  [/v-html|innerHTML|insertAdjacentHTML|document\.write|\beval\(/, []],
];

for (const [word, files] of places) {
  test(`5, 7, 12, 15, 29: ${word.source} stands ${files.length ? `only in ${files.join(", ")}` : "nowhere"}`, () => {
    const found = ["main", "renderer", "registry"]
      .flatMap((folder) => filesIn(folder))
      .filter((path) => word.test(readFileSync(join(root, path), "utf8")));
    expect(found).toEqual(files);
  });
}

test("23: the declared Electron is one that is still mended", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: { electron: string };
  };
  expect(Number.parseInt(devDependencies.electron.replace(/\D*/, ""), 10)).toBeGreaterThanOrEqual(42);
});
