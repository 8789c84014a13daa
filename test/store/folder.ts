import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder, gone when the test is over. */
export async function temporaryFolder(under = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(under, "berth-store-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** One in memory where there is such a thing: for tests that open a store hundreds of times, and cut no power. */
export function fastFolder(): Promise<string> {
  return temporaryFolder(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
}
