import { defineStore } from "pinia";
import { computed } from "vue";
import { Fault } from "../../registry/contract/fault.ts";
import type { Session } from "../../registry/contract/users.ts";
import { useClient } from "../client.ts";
import { createListing } from "./listing.ts";

const all = { page: 1, page_size: 100 };

/** Where the person is signed in. */
export const useSessions = defineStore("sessions", () => {
  const client = useClient();
  const listing = createListing((page: typeof all) => client.session.list(page));
  const others = computed(() => listing.items.value.filter((session) => !session.current));

  /** One that ended meanwhile is no matter. */
  async function close({ id }: Session): Promise<void> {
    await client.session.end({ id }).catch((error: unknown) => {
      if (!(error instanceof Fault) || error.code !== "NOT_FOUND") throw error;
    });
  }

  async function end(session: Session): Promise<void> {
    await close(session);
    await listing.refresh();
  }

  async function endOthers(): Promise<void> {
    await Promise.all(others.value.map(close));
    await listing.refresh();
  }

  return { ...listing, others, open: () => listing.show(all), end, endOthers };
});
