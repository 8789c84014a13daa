import { createI18n } from "vue-i18n";
import archivesDe from "./archives-de.json";
import archivesEn from "./archives-en.json";
import de from "./de.json";
import en from "./en.json";
import peopleDe from "./people-de.json";
import peopleEn from "./people-en.json";
import replicationDe from "./replication-de.json";
import replicationEn from "./replication-en.json";
import tlsDe from "./tls-de.json";
import tlsEn from "./tls-en.json";

export const locales = ["en", "de"] as const;
export type Locale = (typeof locales)[number];

/** In their own words. */
export const languageNames: Record<Locale, string> = { en: "English", de: "Deutsch" };

// Each language has the keys of the other; a missing one does not compile.
const whole = {
  en: {
    ...en,
    ...(peopleEn satisfies typeof peopleDe),
    ...(replicationEn satisfies typeof replicationDe),
    ...(archivesEn satisfies typeof archivesDe),
    ...(tlsEn satisfies typeof tlsDe),
  },
  de: {
    ...de,
    ...(peopleDe satisfies typeof peopleEn),
    ...(replicationDe satisfies typeof replicationEn),
    ...(archivesDe satisfies typeof archivesEn),
    ...(tlsDe satisfies typeof tlsEn),
  },
};
const messages = { en: whole.en satisfies typeof whole.de, de: whole.de satisfies typeof whole.en };

/** Texts are read by an interpreter at run time: nothing is made into code, as the page's policy demands. */
export function createTexts(locale: Locale) {
  return createI18n({ legacy: false, locale, fallbackLocale: "en", messages });
}
