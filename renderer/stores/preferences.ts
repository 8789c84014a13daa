import { defineStore } from "pinia";
import { computed, ref, watch, type Ref } from "vue";
import { locales, type Locale } from "../locales/locales.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
export const pullClients = ["docker", "podman", "oras", "helm"] as const;
export type PullClient = (typeof pullClients)[number];

/** What this person likes on this machine; kept by the browser. */
export const usePreferences = defineStore("preferences", () => {
  const theme = remembered<Theme>("theme", themes, "system");
  const language = remembered<Locale>("language", locales, languageOf(navigator.languages));
  const pullClient = remembered<PullClient>("pull-client", pullClients, "docker");

  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  const systemIsDark = ref(darkSystem.matches);
  darkSystem.addEventListener("change", (change) => (systemIsDark.value = change.matches));
  const dark = computed(() => (theme.value === "system" ? systemIsDark.value : theme.value === "dark"));

  watch(dark, (isDark) => document.documentElement.classList.toggle("dark", isDark), { immediate: true });
  watch(language, (locale) => (document.documentElement.lang = locale), { immediate: true });

  return { theme, language, pullClient, dark };
});

/** A choice among `allowed` that outlives the page; storage that is switched off only forgets it. */
function remembered<T extends string>(name: string, allowed: readonly T[], first: T): Ref<T> {
  const key = `berth.${name}`;
  const kept = localStorage.getItem(key);
  const choice = ref(allowed.find((value) => value === kept) ?? first) as Ref<T>;
  watch(choice, (value) => localStorage.setItem(key, value));
  return choice;
}

function languageOf(wished: readonly string[]): Locale {
  for (const wish of wished) {
    const found = locales.find((locale) => wish.toLowerCase().startsWith(locale));
    if (found !== undefined) return found;
  }
  return "en";
}
