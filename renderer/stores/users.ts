import { defineStore } from "pinia";
import type { Input } from "../../registry/contract/operation.ts";
import type { User, users as operations } from "../../registry/contract/users.ts";
import { useClient } from "../client.ts";
import { createListing } from "./listing.ts";

export type UserDraft = Input<typeof operations.create>;

/** The people who have an account here, for administrators. */
export const useUsers = defineStore("users", () => {
  const client = useClient();
  const listing = createListing((query: Input<typeof operations.list>) => client.users.list(query));

  async function create(draft: UserDraft): Promise<void> {
    await client.users.create(draft);
    await listing.refresh();
  }

  async function setAdmin({ user_id }: User, sysadmin_flag: boolean): Promise<void> {
    await client.users.setAdmin({ user_id, sysadmin_flag });
    await listing.refresh();
  }

  async function setPassword({ user_id }: User, new_password: string): Promise<void> {
    await client.users.setPassword({ user_id, new_password });
  }

  async function remove({ user_id }: User): Promise<void> {
    await client.users.remove({ user_id });
    await listing.refresh();
  }

  return { ...listing, create, setAdmin, setPassword, remove };
});
