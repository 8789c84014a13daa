import { dialog, Notification } from "electron";
import type { EventName, RegistryEvent } from "../registry/contract/event.ts";
import type { Host, Log } from "./host.ts";
import type { Session } from "./session.ts";
import { readStanding, type Standing, type TrayRule } from "./tray-standing.ts";
import { createTransitions, type Transition } from "./tray-transitions.ts";

/** Replication as the tray sees and steers it: as whoever is signed in to the window, if that is an administrator. */
export interface TrayReplication {
  /** Something happened that may concern it. */
  heard(event: RegistryEvent): void;
  /** Another registry runs, or somebody else is signed in. */
  look(): void;
  pause(paused: boolean): void;
  start(rule: TrayRule): void;
  enable(rule: TrayRule, enabled: boolean): void;
  close(): void;
}

interface Deps {
  host: Host;
  session: Session;
  /** Told how replication stands; of `undefined` when that is nobody's business. */
  changed: (standing: Standing | undefined) => void;
  /** Opens the window at one of its pages. */
  show: (path: string) => void;
  log: Log;
}

const concerns: ReadonlySet<EventName> = new Set([
  "registry.changed",
  "policy.changed",
  "execution.changed",
  "task.changed",
]);
/** Milliseconds between two looks: jobs tell how far they are more often than a menu can change. */
const pause = 1_000;
/** So that what began to be trying again long ago is noticed without any event. Milliseconds. */
const glance = 60_000;

export function createTrayReplication({ host, session, changed, show, log }: Deps): TrayReplication {
  let transitions = createTransitions();
  let waiting: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let who: number | undefined;
  const watch = setInterval(look, glance);
  watch.unref();

  function look(): void {
    waiting ??= setTimeout(() => void read(), pause);
  }

  async function read(): Promise<void> {
    waiting = undefined;
    again = looking;
    if (looking) return;
    looking = true;
    const standing = await standingOfNow().catch((error: unknown) => {
      log({ level: "warn", message: "the tray could not look at replication", reason: String(error) });
      return undefined;
    });
    looking = false;
    changed(standing);
    if (again) look();
  }

  async function standingOfNow(): Promise<Standing | undefined> {
    const registry = await host.registry().catch(() => undefined);
    if (registry === undefined) return undefined;
    const caller = await session.callerOf(registry);
    // What one person was told is not the next one's news.
    if (caller.user?.user_id !== who) transitions = createTransitions();
    who = caller.user?.user_id;
    const standing = await readStanding(registry, caller);
    if (standing) for (const transition of transitions(standing.rules, Date.now())) tell(transition);
    return standing;
  }

  function tell({ rule, kind }: Transition): void {
    const failing = kind === "failing";
    const title = failing ? `Replication fails: ${rule.name}` : `Replication works again: ${rule.name}`;
    const body = failing ? (rule.reason ?? rule.path) : rule.path;
    const job =
      failing && rule.failed ? `?run=${rule.failed.run}&log=${rule.failed.run}-${rule.failed.job}` : "";
    notify(title, body, `/administration/replication/${rule.id}${job}`);
  }

  function notify(title: string, body: string, path: string): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    notification.on("click", () => show(path));
    notification.show();
  }

  /** What is refused is said, and the menu shows again what is. */
  function run(what: string, name: string, input: object): void {
    const call = async (): Promise<void> => {
      const registry = await host.registry();
      await registry.call(name, input, await session.callerOf(registry));
    };
    void call()
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        notify(`${what} did not work`, reason, "/administration/replication");
      })
      .finally(look);
  }

  async function isSure({ name, active_jobs }: TrayRule): Promise<boolean> {
    const jobs = active_jobs === 1 ? "Its running job is" : `Its ${active_jobs} running jobs are`;
    const { response } = await dialog.showMessageBox({
      type: "question",
      message: `Disable ${name}?`,
      detail: `${jobs} stopped. What is copied stays.`,
      buttons: ["Disable", "Cancel"],
      defaultId: 1,
      cancelId: 1,
    });
    return response === 0;
  }

  async function enable(rule: TrayRule, enabled: boolean): Promise<void> {
    const sure = enabled || rule.active_jobs === 0 || (await isSure(rule));
    if (sure) run("Changing the rule", "replication.enable", { id: rule.id, enabled });
    // The menu has ticked it already.
    else look();
  }

  return {
    look,
    heard: ({ name }) => {
      if (concerns.has(name)) look();
    },
    pause: (paused) => run(paused ? "Pausing" : "Resuming", "replication.pause", { paused }),
    start: ({ id }) => run("Replicating", "executions.start", { policy_id: id }),
    enable: (rule, enabled) => void enable(rule, enabled),
    close() {
      clearTimeout(waiting);
      clearInterval(watch);
    },
  };
}
