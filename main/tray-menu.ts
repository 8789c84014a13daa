import type { MenuItemConstructorOptions } from "electron";
import type { HostState } from "./host.ts";
import type { Standing, TrayRule } from "./tray-standing.ts";

/** What the menu can do. */
export interface TrayDeeds {
  open(): void;
  copyAddress(): void;
  quit(): void;
  /** Opens the window at one of its pages: `/administration/replication/3`. */
  show(path: string): void;
  pause(paused: boolean): void;
  start(rule: TrayRule): void;
  enable(rule: TrayRule, enabled: boolean): void;
}

export type Mood = "idle" | "active" | "paused" | "error";

const overviewPath = "/administration/replication";

/** The icon: what is wrong comes first, then what was held on purpose, then what moves. */
export function moodOf(state: HostState, standing: Standing | undefined, moving: boolean): Mood {
  if (state.trouble !== undefined) return "error";
  if (!state.running || standing?.paused) return "paused";
  if ((standing?.failing ?? 0) > 0) return "error";
  return moving || (standing?.running ?? 0) > 0 ? "active" : "idle";
}

/** How the registry stands, in one line. */
export function lineOf({ running, trouble, address }: HostState): string {
  if (trouble !== undefined) return `Not running: ${trouble}`;
  return running ? `Running on ${address}` : "Starting";
}

/** How replication stands, in one line. */
export function replicationLine({ paused, running, waiting, failing }: Standing): string {
  const trouble = failing === 0 ? [] : [`${counted(failing, "rule")} failed`];
  if (paused) return ["Replication is paused", ...trouble].join(", ");
  const waits = waiting === 0 ? [] : [`${waiting} waiting`];
  const told = [...(running === 0 ? [] : [`copying ${counted(running, "job")}`]), ...waits, ...trouble];
  return told.length === 0 ? "Replication is idle" : `Replication: ${told.join(", ")}`;
}

/** The whole menu, from what is in memory. Whoever may not see rules is shown none. */
export function menuOf(
  state: HostState,
  standing: Standing | undefined,
  deeds: TrayDeeds,
): MenuItemConstructorOptions[] {
  return [
    { label: lineOf(state), enabled: false },
    { type: "separator" },
    ...(standing === undefined ? [] : replicationPart(standing, deeds)),
    { label: "Open Berth", click: deeds.open },
    { label: "Copy registry address", click: deeds.copyAddress },
    { type: "separator" },
    { label: "Quit Berth", click: deeds.quit },
  ];
}

function replicationPart(standing: Standing, deeds: TrayDeeds): MenuItemConstructorOptions[] {
  const { paused, rules, further } = standing;
  if (rules.length === 0 && !paused) return [];
  return [
    { label: replicationLine(standing), enabled: false },
    ...rules.map((rule) => ({ label: ruleLabel(rule, paused), submenu: ruleMenu(rule, deeds) })),
    ...(further === 0
      ? []
      : [{ label: `${counted(further, "further rule")} …`, click: () => deeds.show(overviewPath) }]),
    {
      label: paused ? "Resume replication" : "Pause all replication",
      click: () => deeds.pause(!paused),
    },
    { type: "separator" as const },
  ];
}

function ruleMenu(rule: TrayRule, deeds: TrayDeeds): MenuItemConstructorOptions[] {
  const { id, enabled, failed } = rule;
  const page = `${overviewPath}/${id}`;
  return [
    { label: rule.path, enabled: false },
    { label: rule.last, enabled: false },
    { type: "separator" },
    { label: "Enabled", type: "checkbox", checked: enabled, click: () => deeds.enable(rule, !enabled) },
    { label: "Replicate now", enabled, click: () => deeds.start(rule) },
    { type: "separator" },
    { label: "Open this rule", click: () => deeds.show(page) },
    ...(failed === undefined
      ? []
      : [
          {
            label: "Open the log of the failed job",
            click: () => deeds.show(`${page}?run=${failed.run}&log=${failed.run}-${failed.job}`),
          },
        ]),
  ];
}

const words: Record<TrayRule["state"], string> = {
  disabled: "disabled",
  idle: "ready",
  running: "copying",
  retrying: "trying again",
  failing: "failed",
};

function ruleLabel({ name, state, active_jobs }: TrayRule, paused: boolean): string {
  if (paused && (state === "running" || state === "retrying")) return `${plain(name)}: paused`;
  const jobs = state === "running" && active_jobs > 0 ? ` ${counted(active_jobs, "job")}` : "";
  return `${plain(name)}: ${words[state]}${jobs}`;
}

/** In a menu, `&` marks the next letter as a key. */
function plain(name: string): string {
  const short = name.length > 60 ? `${name.slice(0, 59)}…` : name;
  return short.replaceAll("&", "&&");
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
