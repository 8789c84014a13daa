import type { Authorize } from "./access/authorize.ts";
import type { Caller } from "./access/caller.ts";
import type { EventName, RegistryEvent } from "./contract/event.ts";
import type { Events } from "./events.ts";
import type { Collections } from "./store/collections.ts";

interface Deps {
  events: Events;
  authorize: Authorize;
  collections: Pick<Collections, "projects">;
}

/** What happens outside of projects, and is an administrator's business. */
const administrators: ReadonlySet<EventName> = new Set([
  "configuration.changed",
  "registry.changed",
  "policy.changed",
  "execution.changed",
  "task.changed",
]);

/**
 * Passes events on to one listener: those of projects that its caller may see at that moment. A project that is gone has no
 * name any more, and everybody's list may have to be read again; who is no member any more hears that one last thing of it.
 */
export function createSubscribe({ events, authorize, collections }: Deps) {
  return function subscribe(
    caller: () => Promise<Caller>,
    listener: (event: RegistryEvent) => void,
  ): () => void {
    let queue = Promise.resolve();

    async function pass(event: RegistryEvent): Promise<void> {
      const { name, at, project_id, user_id } = event;
      if (administrators.has(name)) {
        if ((await caller()).user?.sysadmin_flag) listener(event);
        return;
      }
      if (project_id === undefined) return;
      const project = await collections.projects.get(String(project_id));
      if (!project) {
        if (name === "project.removed") listener({ name, at, project_id });
        return;
      }
      const who = await caller();
      const isAbout = user_id !== undefined && who.user?.user_id === user_id;
      if (isAbout || (await authorize.holds(who, "project:read", project))) listener(event);
    }

    // One after the other: a listener hears things in the order in which they happened.
    return events.on((event) => {
      queue = queue.then(() => pass(event)).catch(() => undefined);
    });
  };
}
