import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** The computer whose programs are set up, and who sets them up. */
export interface Machine {
  platform: NodeJS.Platform;
  /** May write what is the whole system's. */
  isRoot: boolean;
  home: string;
  env: NodeJS.ProcessEnv;
  /** What the system's own paths begin with: `/`, or the folder that a system is looked at in. */
  root: string;
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    home: homedir(),
    env: process.env,
    root: "/",
  };
}

/** Whether any of these programs is on the machine. Servers lie in folders that are not on everybody's path. */
export function hasAny({ env, root }: Machine, programs: readonly string[]): boolean {
  const path = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const servers = ["usr/local/sbin", "usr/sbin", "sbin"].map((folder) => join(root, folder));
  const suffix = process.platform === "win32" ? ".exe" : "";
  return [...path, ...servers].some((folder) =>
    programs.some((name) => isProgram(join(folder, name + suffix))),
  );
}

/** Docker's own folder of the person: its logins, and whom its trust client trusts. */
export function dockerFolder({ env, home }: Machine): string {
  return env.DOCKER_CONFIG || join(home, ".docker");
}

export function configFolder({ env, home }: Machine): string {
  return env.XDG_CONFIG_HOME || join(home, ".config");
}

/** Whether the person's Docker engine runs without root, and so reads what it trusts in their folder. */
export function hasRootlessDocker({ env, isRoot }: Machine): boolean {
  return !isRoot && env.XDG_RUNTIME_DIR !== undefined && existsSync(join(env.XDG_RUNTIME_DIR, "docker.sock"));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
