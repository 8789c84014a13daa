import type { MenuItemConstructorOptions } from "electron";
import { describe, expect, test } from "vitest";
import type { HostState } from "../../main/host.ts";
import { menuOf, moodOf, replicationLine, type TrayDeeds } from "../../main/tray-menu.ts";
import type { Standing, TrayRule } from "../../main/tray-standing.ts";
import { createTransitions } from "../../main/tray-transitions.ts";

const running: HostState = { address: "localhost:5100", running: true };
const calm: Standing = { paused: false, running: 0, waiting: 0, failing: 0, rules: [], further: 0 };
const rule: TrayRule = {
  id: 7,
  name: "backup",
  enabled: true,
  state: "idle",
  active_jobs: 0,
  path: "this registry → backup",
  last: "Last run: done, 1 Jan 2026, 12:00",
};

function deeds(): { told: unknown[][]; deeds: TrayDeeds } {
  const told: unknown[][] = [];
  const tell =
    (name: string) =>
    (...input: unknown[]): void =>
      void told.push([name, ...input]);
  const names = ["open", "copyAddress", "quit", "show", "pause", "start", "enable"];
  return { told, deeds: Object.fromEntries(names.map((name) => [name, tell(name)])) as unknown as TrayDeeds };
}

function labelsOf(menu: MenuItemConstructorOptions[]): string[] {
  return menu.flatMap(({ label }) => (label === undefined ? [] : [label]));
}

function press(menu: MenuItemConstructorOptions[], ...path: string[]): void {
  const [label, ...rest] = path;
  const item = menu.find((one) => one.label === label);
  if (item === undefined) throw new Error(`no ${label} in ${labelsOf(menu).join(", ")}`);
  if (rest.length > 0) return press(item.submenu as MenuItemConstructorOptions[], ...rest);
  (item.click as (() => void) | undefined)?.();
}

describe("the tray's menu", () => {
  test("tells nothing of replication to whoever may not see it", () => {
    const plain = ["Running on localhost:5100", "Open Berth", "Copy registry address", "Quit Berth"];
    expect(labelsOf(menuOf(running, undefined, deeds().deeds))).toEqual(plain);
    expect(labelsOf(menuOf(running, calm, deeds().deeds))).toEqual(plain);
  });

  test("shows each rule with its state, and how replication stands in one line", () => {
    const rules: TrayRule[] = [
      rule,
      { ...rule, id: 8, name: "mirror", state: "running", active_jobs: 3 },
      { ...rule, id: 9, name: "R&D", state: "failing" },
    ];
    const standing = { ...calm, running: 3, waiting: 2, failing: 1, rules, further: 4 };
    expect(labelsOf(menuOf(running, standing, deeds().deeds)).slice(1, 7)).toEqual([
      "Replication: copying 3 jobs, 2 waiting, 1 rule failed",
      "backup: ready",
      "mirror: copying 3 jobs",
      "R&&D: failed",
      "4 further rules …",
      "Pause all replication",
    ]);
  });

  test("looks paused when it is, and offers to go on", () => {
    const moving: TrayRule = { ...rule, state: "running", active_jobs: 1 };
    const standing = { ...calm, paused: true, waiting: 1, rules: [moving] };
    const { told, deeds: mine } = deeds();
    const menu = menuOf(running, standing, mine);
    expect(labelsOf(menu).slice(1, 4)).toEqual([
      "Replication is paused",
      "backup: paused",
      "Resume replication",
    ]);
    press(menu, "Resume replication");
    expect(told).toEqual([["pause", false]]);
  });

  test("enables, disables and starts a rule, and opens its page and the log of what failed", () => {
    const failing: TrayRule = { ...rule, state: "failing", failed: { run: 12, job: 34 } };
    const { told, deeds: mine } = deeds();
    const menu = menuOf(running, { ...calm, failing: 1, rules: [failing] }, mine);
    for (const label of ["Enabled", "Replicate now", "Open this rule", "Open the log of the failed job"])
      press(menu, "backup: failed", label);
    expect(told).toEqual([
      ["enable", failing, false],
      ["start", failing],
      ["show", "/administration/replication/7"],
      ["show", "/administration/replication/7?run=12&log=12-34"],
    ]);
  });

  test("does not start a rule that is disabled", () => {
    const off: TrayRule = { ...rule, enabled: false, state: "disabled" };
    const menu = menuOf(running, { ...calm, rules: [off] }, deeds().deeds);
    const inner = menu.find(({ label }) => label === "backup: disabled")?.submenu;
    expect(inner).toContainEqual(expect.objectContaining({ label: "Enabled", checked: false }));
    expect(inner).toContainEqual(expect.objectContaining({ label: "Replicate now", enabled: false }));
  });
});

test("the icon shows trouble before a pause, and a pause before what moves", () => {
  expect(moodOf(running, calm, false)).toBe("idle");
  expect(moodOf(running, undefined, true)).toBe("active");
  expect(moodOf(running, { ...calm, running: 2 }, false)).toBe("active");
  expect(moodOf(running, { ...calm, running: 2, failing: 1 }, false)).toBe("error");
  expect(moodOf(running, { ...calm, failing: 1, paused: true }, false)).toBe("paused");
  expect(moodOf({ ...running, running: false, trouble: "taken" }, calm, false)).toBe("error");
  expect(replicationLine(calm)).toBe("Replication is idle");
});

describe("a notification", () => {
  const told = (list: { kind: string }[]): string[] => list.map(({ kind }) => kind);

  test("comes when a rule begins to fail and when it recovers, once each", () => {
    const look = createTransitions();
    expect(look([rule], 0)).toEqual([]);
    expect(told(look([{ ...rule, state: "failing" }], 1))).toEqual(["failing"]);
    // It is tried again, and fails again: no news.
    expect(look([{ ...rule, state: "running" }], 2)).toEqual([]);
    expect(look([{ ...rule, state: "failing" }], 3)).toEqual([]);
    expect(look([{ ...rule, state: "running" }], 4)).toEqual([]);
    expect(told(look([rule], 5))).toEqual(["recovered"]);
    expect(look([rule], 6)).toEqual([]);
  });

  test("comes only after some time for a rule that tries again", () => {
    const look = createTransitions();
    look([rule], 0);
    expect(look([{ ...rule, state: "retrying" }], 1_000)).toEqual([]);
    expect(look([{ ...rule, state: "retrying" }], 100_000)).toEqual([]);
    expect(told(look([{ ...rule, state: "retrying" }], 121_000))).toEqual(["failing"]);
    expect(told(look([rule], 130_000))).toEqual(["recovered"]);
  });

  test("does not come for what failed before anybody looked, nor for a rule that is switched off", () => {
    const look = createTransitions();
    expect(look([{ ...rule, state: "failing" }], 0)).toEqual([]);
    expect(look([{ ...rule, state: "disabled", enabled: false }], 1)).toEqual([]);
  });
});
