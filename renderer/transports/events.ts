import type { RegistryEvent } from "../../registry/contract/event.ts";

const pause = 3000;

type Listener = (event: RegistryEvent) => void;
type Link = (up: boolean) => void;

/** One stream of events for all listeners; it is opened again when it ends and when somebody else signs in. */
export function openEvents(url: string): { on(listener: Listener, link: Link): () => void; reopen(): void } {
  const listeners = new Map<Listener, Link>();
  let source: EventSource | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    const opened = new EventSource(url);
    source = opened;
    opened.onopen = () => tell(true);
    opened.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as RegistryEvent;
      for (const listener of listeners.keys()) listener(event);
    };
    opened.onerror = () => {
      tell(false);
      // A refused stream is not tried again by the browser itself.
      opened.close();
      waiting = setTimeout(open, pause);
    };
  }

  function tell(up: boolean): void {
    for (const link of listeners.values()) link(up);
  }

  function close(): void {
    clearTimeout(waiting);
    source?.close();
    source = undefined;
  }

  return {
    on(listener, link) {
      listeners.set(listener, link);
      if (source === undefined) open();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) close();
      };
    },
    reopen() {
      if (source === undefined) return;
      close();
      open();
    },
  };
}
