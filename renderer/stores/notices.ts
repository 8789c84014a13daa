import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

export interface Notice {
  id: number;
  text: string;
  kind: "done" | "trouble";
  action?: { label: string; run: () => void };
}

/** Long enough to read a sentence and reach its button, in milliseconds. */
const shownFor = 8000;

/** Short words about what just happened: seen in a corner, or only heard by who listens to the page. */
export const useNotices = defineStore("notices", () => {
  const shown = shallowRef<Notice[]>([]);
  const spoken = ref("");
  let last = 0;

  function show(notice: Omit<Notice, "id">): void {
    const id = ++last;
    shown.value = [...shown.value.slice(-2), { ...notice, id }];
    setTimeout(() => dismiss(id), shownFor);
  }

  function dismiss(id: number): void {
    shown.value = shown.value.filter((notice) => notice.id !== id);
  }

  /** Says `text` to a screen reader without showing it; the same words twice are said twice. */
  function say(text: string): void {
    spoken.value = "";
    setTimeout(() => (spoken.value = text), 50);
  }

  return { shown, spoken, show, dismiss, say };
});
