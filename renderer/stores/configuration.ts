import { defineStore } from "pinia";
import { computed, ref, watch } from "vue";
import { secretKeys, type configurations, type Settings } from "../../registry/contract/configuration.ts";
import type { Answer } from "../../registry/contract/reply.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createReading } from "./reading.ts";
import { useRegistry } from "./registry.ts";
import { useSession } from "./session.ts";

export type SettingKey = keyof Settings;
/** `null` forgets a secret. */
export type SettingValue = string | number | boolean | null;
type Shown = Answer<(typeof configurations.get)["returns"]>[string];

export function isSecret(key: SettingKey): boolean {
  return (secretKeys as readonly string[]).includes(key);
}

/** The settings as they are kept, and those that were changed on the page and are not kept yet. */
export const useConfiguration = defineStore("configuration", () => {
  const client = useClient();
  const registry = useRegistry();
  const session = useSession();
  const reading = createReading((_: "all") => client.configurations.get({}));
  const draft = ref<Partial<Record<SettingKey, SettingValue>>>({});
  const changed = computed(() => Object.keys(draft.value) as SettingKey[]);

  // What one administrator typed is not the next one's.
  watch(
    () => session.user?.user_id,
    () => discard(),
  );

  useEvents().follow(
    ({ name }) => name === "configuration.changed",
    () => void reading.refresh(),
  );

  function shown(key: SettingKey): Shown | undefined {
    return reading.value.value?.[key];
  }

  function valueOf(key: SettingKey): SettingValue {
    return draft.value[key] ?? shown(key)?.value ?? "";
  }

  /** A value that is the kept one again is no change; of a secret the kept one is not known. */
  function set(key: SettingKey, value: SettingValue): void {
    const { [key]: _, ...others } = draft.value;
    const same = isSecret(key) ? value === "" : value === shown(key)?.value;
    draft.value = same ? others : { ...others, [key]: value };
  }

  function discard(): void {
    draft.value = {};
  }

  async function save(): Promise<void> {
    await client.configurations.update(draft.value as Partial<Settings>);
    await Promise.all([reading.refresh(), registry.load()]);
    draft.value = {};
  }

  /** Of these settings what the registry would get from the page now: those that are shown, and secrets that were typed. */
  function asShown<K extends SettingKey>(keys: readonly K[]): Partial<Pick<Settings, K>> {
    const told = keys.filter((key) => !isSecret(key) || typeof draft.value[key] === "string");
    return Object.fromEntries(told.map((key) => [key, valueOf(key)])) as Partial<Pick<Settings, K>>;
  }

  return {
    settings: reading.value,
    fault: reading.fault,
    open: () => reading.open("all"),
    refresh: reading.refresh,
    leave: reading.leave,
    draft,
    changed,
    shown,
    valueOf,
    set,
    discard,
    save,
    asShown,
    testMail: client.configurations.testMail,
    testDirectory: client.ldap.ping,
  };
});
