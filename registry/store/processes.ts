import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

/** What tells one process from all others, also from a later one of the same number. */
export interface ProcessMark {
  pid: number;
  /** Ticks since the machine's start, and which start that was; empty where the system does not tell. */
  start: string;
  /** Where its number means something: the machine, and the container on it. */
  host: string;
  /** When the mark was made, in ms. */
  made: number;
}

export async function hostOf(): Promise<string> {
  const container = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${hostname()} ${container}`.trim();
}

/** Empty on systems without `/proc`, and for a process that is not there. */
export async function startOf(pid: number): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; what counts comes behind it. proc(5), field 22.
    const ticks = line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${ticks} ${boot.trim()}`;
  } catch {
    return "";
  }
}

export async function runsStill({ pid, start, made }: ProcessMark): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not ours to signal, but there.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (start !== "") return (await startOf(pid)) === start;
  // A process younger than the mark only bears the number of the one that made it.
  const started = await startTimeOf(pid);
  return Number.isNaN(started) || started <= made + 2000;
}

/** In ms, to the second; `NaN` if the system does not say. */
async function startTimeOf(pid: number): Promise<number> {
  const [command, args] =
    process.platform === "win32"
      ? [
          "powershell",
          ["-NoProfile", "-Command", `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`],
        ]
      : ["ps", ["-o", "lstart=", "-p", String(pid)]];
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      env: { ...process.env, LC_ALL: "C" },
      timeout: 10_000,
    });
    return Date.parse(stdout.trim());
  } catch {
    return NaN;
  }
}
