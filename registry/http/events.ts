import type { Context } from "koa";
import type { RegistryEvent } from "../contract/event.ts";

type Subscribe = (ctx: Context, listener: (event: RegistryEvent) => void) => () => void;

/** Bytes. */
const mostWaiting = 1024 * 1024;

/** A browser's events: `GET /api/v2.0/events`, server-sent, those that its session may see. */
export function createEventsEdge(subscribe: Subscribe) {
  return function events(ctx: Context): void {
    const { res, req } = ctx;
    ctx.respond = false;
    res.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    });
    res.write("retry: 1000\n\n");
    const end = subscribe(ctx, (event) => {
      // Who reads slower than things happen would have them all kept here; the page connects again and reads anew.
      if (res.writableLength > mostWaiting) res.destroy();
      else res.write(`data: ${JSON.stringify(event)}\n\n`);
    });
    // A connection that says nothing for long is dropped by what stands between.
    const alive = setInterval(() => res.write(": alive\n\n"), 20_000);
    req.on("close", () => {
      clearInterval(alive);
      end();
    });
  };
}
