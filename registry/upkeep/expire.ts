import type { LogLine } from "../config.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Collections } from "../store/collections.ts";

interface Deps {
  blobs: Blobs;
  collections: Pick<Collections, "sessions" | "resets">;
  now: () => Date;
  log: (line: LogLine) => void;
}

const hour = 60 * 60_000;
const day = 24 * hour;

/** Ends uploads that got no byte for a day, and sessions and links that are over. */
export async function expire({ blobs, collections, now }: Omit<Deps, "log">): Promise<void> {
  const limit = new Date(now().getTime() - day).toISOString();
  for await (const upload of blobs.uploads()) if (upload.active < limit) await upload.cancel();
  const over = { expires: { to: now().toISOString() } };
  await collections.sessions.removeAll(over);
  await collections.resets.removeAll(over);
}

/**
 * Ends what nobody will come back for, an hour after the start and every hour then: a client whose registry was away has
 * time to go on.
 */
export function startExpiry(deps: Deps): { stop(): void } {
  const timer = setInterval(() => {
    expire(deps).catch((error: unknown) => {
      deps.log({ level: "warn", message: "expiry failed", reason: String(error) });
    });
  }, hour);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
