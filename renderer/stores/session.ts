import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { Fault } from "../../registry/contract/fault.ts";
import type { Input } from "../../registry/contract/operation.ts";
import type { User, users } from "../../registry/contract/users.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";

/** What these refuse says nothing about the session. */
const ownWords = new Set(["session.open", "users.current", "users.setPassword", "users.signUp"]);

/** Who is signed in. */
export const useSession = defineStore("session", () => {
  const client = useClient();
  const events = useEvents();
  const user = shallowRef<User>();
  /** Not by this person's wish. */
  const ended = ref(false);
  const signedIn = computed(() => user.value !== undefined);
  const administrator = computed(
    () => user.value?.sysadmin_flag === true || user.value?.admin_role_in_auth === true,
  );

  async function load(): Promise<void> {
    try {
      user.value = await client.users.current({});
    } catch (error) {
      user.value = undefined;
      if (!(error instanceof Fault) || error.status < 500) return;
      throw error;
    }
  }

  async function signIn(principal: string, password: string): Promise<void> {
    user.value = await client.session.open({ principal, password });
    ended.value = false;
  }

  /** Makes an account for oneself, and is signed in with it. */
  async function signUp(draft: Input<typeof users.signUp>): Promise<void> {
    user.value = await client.users.signUp(draft);
    ended.value = false;
  }

  /** Gives the administrator the first password; the window's first start. */
  async function begin(password: string): Promise<void> {
    user.value = await client.system.begin({ password });
  }

  async function signOut(): Promise<void> {
    await client.session.close({});
    user.value = undefined;
  }

  async function changePassword(old_password: string, new_password: string): Promise<void> {
    if (user.value === undefined) throw new Fault("UNAUTHORIZED", "sign in first");
    await client.users.setPassword({ user_id: user.value.user_id, old_password, new_password });
  }

  async function describe(profile: Pick<User, "email" | "realname" | "comment">): Promise<void> {
    if (user.value === undefined) throw new Fault("UNAUTHORIZED", "sign in first");
    await client.users.update({ user_id: user.value.user_id, ...profile });
    await load();
  }

  /** Somewhere else the session was ended, or it grew old: an operation that was refused may be the first to tell. */
  async function doubt(refused: string): Promise<void> {
    if (user.value === undefined || ownWords.has(refused)) return;
    await load().catch(() => undefined);
    ended.value = user.value === undefined;
  }

  events.listen((event) => {
    if (event.name === "session.ended") void doubt(event.name);
  });

  return {
    user,
    signedIn,
    administrator,
    ended,
    load,
    doubt,
    signIn,
    signUp,
    begin,
    signOut,
    changePassword,
    describe,
  };
});
