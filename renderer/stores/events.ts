import { defineStore } from "pinia";
import { ref } from "vue";
import type { RegistryEvent } from "../../registry/contract/event.ts";
import { useConnection } from "../client.ts";

/** A push is several events in a row; lists are read again once, when it is quiet for this long. Milliseconds. */
const quiet = 100;
/** While it never gets quiet, as when jobs tell how far they are, they are read this often. Milliseconds. */
const steady = 1000;

type Listener = (event: RegistryEvent) => void;

/** What happens in the registry, as it happens. */
export const useEvents = defineStore("events", () => {
  const { transport } = useConnection();
  const up = ref(true);
  const listeners = new Set<Listener>();
  const followers = new Set<() => void>();
  let missed = false;

  function linked(now: boolean): void {
    up.value = now;
    // What happened while events did not come was not heard: everything that follows them looks again.
    if (now && missed) for (const refresh of followers) refresh();
    missed = !now;
  }

  transport.on((event) => {
    for (const listener of listeners) listener(event);
  }, linked);

  /** Calls `listener` for each event until the returned function is called. */
  function listen(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls `refresh` soon after events that concern it, and after a time in which none could be heard. */
  function follow(concerns: (event: RegistryEvent) => boolean, refresh: () => void): void {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let first = 0;
    followers.add(refresh);
    listen((event) => {
      if (!concerns(event)) return;
      if (waiting === undefined) first = Date.now();
      clearTimeout(waiting);
      waiting = setTimeout(
        () => {
          waiting = undefined;
          refresh();
        },
        Math.max(0, Math.min(quiet, first + steady - Date.now())),
      );
    });
  }

  return { up, listen, follow };
});
