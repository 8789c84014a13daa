import type { EventName, RegistryEvent } from "./contract/event.ts";

export type Listener = (event: RegistryEvent) => void;

export interface Events {
  emit(event: Omit<RegistryEvent, "at" | "name"> & { name: EventName }): void;
  on(listener: Listener): () => void;
}

/** Tells what happened to whoever listens in this process. A listener that fails harms nobody else. */
export function createEvents(now: () => Date, failed: (error: unknown) => void): Events {
  const listeners = new Set<Listener>();
  return {
    emit(event) {
      const told: RegistryEvent = { ...event, at: now().toISOString() };
      for (const listener of listeners) {
        try {
          listener(told);
        } catch (error) {
          failed(error);
        }
      }
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
