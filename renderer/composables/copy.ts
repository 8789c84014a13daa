import { ref } from "vue";
import { useI18n } from "vue-i18n";
import { useNotices } from "../stores/notices.ts";

/** Puts text on the clipboard and says so; `copied` is true for a moment after. */
export function useCopy() {
  const { t } = useI18n();
  const notices = useNotices();
  const copied = ref(false);

  async function copy(text: string): Promise<void> {
    try {
      await writeText(text);
    } catch {
      notices.show({ text: t("copy.refused"), kind: "trouble" });
      return;
    }
    copied.value = true;
    setTimeout(() => (copied.value = false), 1500);
    notices.say(t("copy.done"));
  }

  return { copied, copy };
}

/** A page that is served to other machines without TLS has no clipboard of its own: a selection can still be copied. */
async function writeText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "sr-only";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("the browser refused");
}
