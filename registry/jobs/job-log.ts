import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, makeFolder } from "../store/disk.ts";
import { openLogFile, readLines } from "./log-file.ts";

type Level = "info" | "warn" | "error";

/** The log of one job, as long as it runs. Takes lines without waiting, and never fails: a job is worth more than its log. */
export interface JobLog {
  add(level: Level, message: string): void;
  /** Resolves when all that was added is in the file, or lost. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface JobLogs {
  open(id: number): JobLog;
  /** Whole lines from that byte on, a mebibyte at most; empty when there are none. */
  read(id: number, from: number): Promise<string>;
  remove(id: number): Promise<void>;
}

interface Deps {
  folder: string;
  now: () => Date;
  /** Told once when a file does not take its lines. */
  failed: (id: number, error: unknown) => void;
}

/** Milliseconds that a line waits for others. */
const gather = 200;
/** Characters: of one line, and of what waits for a slow disk. */
const most = { line: 4096, waiting: 2 ** 20 };

export function createJobLogs({ folder, now, failed }: Deps): JobLogs {
  const opened = new Map<number, JobLog>();
  const pathOf = (id: number): string => join(folder, `${id}.log`);
  const lineOf = (level: Level, message: string): string =>
    `${now().toISOString()} ${level.toUpperCase()} ${plain(message)}\n`;

  function open(id: number): JobLog {
    let waiting: string[] = [];
    let length = 0;
    let lost = 0;
    let timer: NodeJS.Timeout | undefined;
    let last: Promise<void> = Promise.resolve();
    let isFailing = false;
    let file: Awaited<ReturnType<typeof openLogFile>> | undefined;

    const note = (bytes: number): string =>
      lineOf("warn", `${bytes} bytes of lines were left out here: the log grew too long`);

    async function write(): Promise<void> {
      if (lost > 0) waiting.push(lineOf("warn", `${lost} lines were left out here: they came too fast`));
      const bytes = Buffer.from(waiting.join(""));
      [waiting, length, lost] = [[], 0, 0];
      if (bytes.length === 0) return;
      if (!file) await makeFolder(folder);
      file ??= await openLogFile(pathOf(id));
      await file.append(bytes, note);
    }

    function flush(): Promise<void> {
      clearTimeout(timer);
      timer = undefined;
      last = last.then(write).catch(giveUp);
      return last;
    }

    /** The lines are lost. Later ones are tried with the file opened anew, which mends its end. */
    async function giveUp(error: unknown): Promise<void> {
      if (!isFailing) failed(id, error);
      isFailing = true;
      const broken = file;
      file = undefined;
      await broken?.close().catch(() => undefined);
    }

    const log: JobLog = {
      flush,

      add(level, message) {
        if (length > most.waiting) {
          lost += 1;
          return;
        }
        const line = lineOf(level, message);
        waiting.push(line);
        length += line.length;
        timer ??= setTimeout(() => void flush(), gather).unref();
      },

      async close() {
        await flush();
        opened.delete(id);
        await file?.close().catch(giveUp);
      },
    };
    opened.set(id, log);
    return log;
  }

  return {
    open,

    async read(id, from) {
      await opened.get(id)?.flush();
      try {
        return await readLines(pathOf(id), Math.max(0, Math.trunc(from) || 0));
      } catch (error) {
        if (isMissing(error)) return "";
        throw error;
      }
    },

    async remove(id) {
      await rm(pathOf(id), { force: true });
      await rm(`${pathOf(id)}~`, { force: true });
    },
  };
}

/** One line, whatever a peer has made of its words. */
const plain = (message: string): string =>
  message.slice(0, most.line).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
