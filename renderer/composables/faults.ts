import { useI18n } from "vue-i18n";
import { toFault } from "../../registry/contract/fault.ts";

/** What went wrong, as a sentence in the person's language. */
export function useFaults() {
  const { t, te, locale } = useI18n();

  /** The registry's own words are English: elsewhere they follow the translated meaning of their code. */
  function inWords(error: unknown): string {
    const fault = toFault(error);
    const own = sentence(fault.message);
    const key = `faults.${fault.code}`;
    if (!te(key)) return own;
    return locale.value === "en" ? own : `${t(key)} (${own})`;
  }

  return { inWords };
}

/** A message of the registry as a sentence. */
export function sentence(message: string): string {
  // An address or a name stays as it is written.
  const isWord = /^[a-z]+(?![^\s,])/.test(message);
  const text = isWord ? message.charAt(0).toUpperCase() + message.slice(1) : message;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
