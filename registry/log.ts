import { mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import pino from "pino";
import type { LogLine } from "./config.ts";

const largest = 16 * 2 ** 20;

/** A log file of JSON lines. The one before it is kept when it has grown past 16 MiB. */
export function openLog(path: string): { log(line: LogLine): void; close(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > largest) renameSync(path, `${path}.1`);
  const destination = pino.destination({ dest: path, mode: 0o600, sync: false });
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    log: ({ level, message, ...fields }) => logger[level](fields, message),
    close: () => destination.end(),
  };
}
