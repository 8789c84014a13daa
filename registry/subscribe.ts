import type { Authorize } from "./access/authorize.ts";
import type { Caller } from "./access/caller.ts";
import type { RegistryEvent } from "./contract/event.ts";
import type { Events } from "./events.ts";
import type { Collections } from "./store/collections.ts";

interface Deps {
  events: Events;
  authorize: Authorize;
  collections: Pick<Collections, "projects">;
}

/**
 * Passes events on to one listener: those of projects that its caller may see at that moment. A project that is gone has no
 * name any more, and everybody's list may have to be read again.
 */
export function createSubscribe({ events, authorize, collections }: Deps) {
  return function subscribe(
    caller: () => Promise<Caller>,
    listener: (event: RegistryEvent) => void,
  ): () => void {
    let queue = Promise.resolve();

    async function pass(event: RegistryEvent): Promise<void> {
      if (event.project_id === undefined) return;
      const project = await collections.projects.get(String(event.project_id));
      if (!project) {
        if (event.name === "project.removed")
          listener({ name: event.name, at: event.at, project_id: event.project_id });
        return;
      }
      if (await authorize.holds(await caller(), "project:read", project)) listener(event);
    }

    // One after the other: a listener hears things in the order in which they happened.
    return events.on((event) => {
      queue = queue.then(() => pass(event)).catch(() => undefined);
    });
  };
}
