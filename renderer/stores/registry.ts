import { defineStore } from "pinia";
import { computed, shallowRef, watch } from "vue";
import type { SystemInfo } from "../../registry/contract/system.ts";
import { useClient } from "../client.ts";
import { useDesktop } from "./desktop.ts";
import { useEvents } from "./events.ts";
import { useSession } from "./session.ts";

/** What the registry tells of itself, and the address that docker names it by. */
export const useRegistry = defineStore("registry", () => {
  const client = useClient();
  const desktop = useDesktop();
  const session = useSession();
  const info = shallowRef<SystemInfo>();

  /** Whoever came over TLS also pushes over it: without, the registry may not be reachable from there. */
  const secure = location.protocol === "https:";
  const address = computed(
    () => desktop.state?.address ?? (secure ? location.host : (info.value?.registry_url ?? location.host)),
  );
  const version = computed(() => desktop.state?.version ?? info.value?.harbor_version);
  /** Docker speaks plain HTTP to this machine without being told; other clients have to be told. */
  const loopback = computed(() => !secure && /^(localhost|127\.|\[::1\])/.test(address.value));
  const mayCreateProjects = computed(
    () =>
      session.administrator || (session.signedIn && info.value?.project_creation_restriction !== "adminonly"),
  );

  async function load(): Promise<void> {
    info.value = await client.system.info({}).catch(() => info.value);
  }

  // Whoever is signed in is told more.
  watch(() => session.user?.user_id, load, { immediate: true });
  useEvents().follow(
    ({ name }) => name === "configuration.changed",
    () => void load(),
  );

  return {
    info,
    load,
    address,
    version,
    loopback,
    mayCreateProjects,
    search: (q: string) => client.system.search({ q }),
  };
});
