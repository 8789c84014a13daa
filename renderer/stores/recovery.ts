import { defineStore } from "pinia";
import { shallowRef } from "vue";
import { useClient } from "../client.ts";

/** The way to a new password for who forgot the old one. */
export const useRecovery = defineStore("recovery", () => {
  const client = useClient();
  const token = shallowRef<string>();

  /**
   * Takes the token out of the address, where the history, a bookmark or a look over the shoulder would find it. It is kept
   * here, so that a page that is drawn anew still has it.
   */
  function take(hash: string): void {
    const found = hash.replace(/^#/, "");
    if (found !== "") token.value = found;
    history.replaceState(history.state, "", location.pathname);
  }

  async function reset(password: string): Promise<void> {
    await client.users.reset({ token: token.value ?? "", password });
    token.value = undefined;
  }

  return { token, take, reset, ask: (email: string) => client.users.forgot({ email }) };
});
