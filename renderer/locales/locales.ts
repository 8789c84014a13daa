import { createI18n } from "vue-i18n";
import de from "./de.json";
import en from "./en.json";

export const locales = ["en", "de"] as const;
export type Locale = (typeof locales)[number];

/** In their own words. */
export const languageNames: Record<Locale, string> = { en: "English", de: "Deutsch" };

// Each language has the keys of the other; a missing one does not compile.
const messages = { en: en satisfies typeof de, de: de satisfies typeof en };

/** Texts are read by an interpreter at run time: nothing is made into code, as the page's policy demands. */
export function createTexts(locale: Locale) {
  return createI18n({ legacy: false, locale, fallbackLocale: "en", messages });
}
