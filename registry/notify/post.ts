import type { LogLine } from "../config.ts";
import { sendMail, type Letter, type MailSettings } from "./mail.ts";

interface Deps {
  settings(): Promise<MailSettings>;
  log: (line: LogLine) => void;
}

/** Milliseconds between tries. */
const pauses = [0, 5_000, 30_000];

/** Sends letters in the background, one after the other, some times over; who wrote one does not wait. */
export function createPost({ settings, log }: Deps) {
  let queue = Promise.resolve();
  let closed = false;

  async function send(letter: Letter): Promise<void> {
    let reason = "";
    for (const pause of pauses) {
      if (closed) return;
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
      try {
        return await sendMail(await settings(), letter);
      } catch (error) {
        reason = (error as Error).message;
      }
    }
    log({ level: "warn", message: "a letter could not be sent", reason });
  }

  return {
    post(letter: Letter): void {
      queue = queue.then(() => send(letter));
    },
    close(): void {
      closed = true;
    },
  };
}
