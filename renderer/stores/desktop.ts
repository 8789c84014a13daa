import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";
import type { DesktopSettings, DesktopState } from "../../registry/contract/desktop.ts";
import { toFault, type Fault } from "../../registry/contract/fault.ts";
import { useConnection } from "../client.ts";

/** While the registry does not run, its state is looked at this often, in milliseconds. */
const watchEvery = 3000;

/** How the application runs on this machine; nothing in a browser. */
export const useDesktop = defineStore("desktop", () => {
  const { client, transport } = useConnection();
  const available = transport.place === "window";
  const state = shallowRef<DesktopState>();
  const fault = shallowRef<Fault>();
  const firstStart = computed(() => state.value?.first_start === true);
  let watching: ReturnType<typeof setTimeout> | undefined;

  function take(next: DesktopState): void {
    state.value = next;
    fault.value = undefined;
    clearTimeout(watching);
    if (!next.running) watching = setTimeout(() => void load(), watchEvery);
  }

  async function load(): Promise<void> {
    if (!available) return;
    try {
      take(await client.desktop.state({}));
    } catch (error) {
      fault.value = toFault(error);
    }
  }

  async function configure(changes: Partial<Omit<DesktopSettings, "data_dir">>): Promise<void> {
    take(await client.desktop.configure(changes));
  }

  async function chooseFolder(): Promise<void> {
    take(await client.desktop.chooseFolder({}));
  }

  return {
    available,
    state,
    fault,
    firstStart,
    load,
    configure,
    chooseFolder,
    reveal: () => client.desktop.reveal({}),
    openWeb: () => client.desktop.openWeb({}),
  };
});
