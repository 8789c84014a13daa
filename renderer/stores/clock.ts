import { defineStore } from "pinia";
import { ref } from "vue";

const tick = 20_000;

/** The time, a few times a minute: enough for words like "3 minutes ago". */
export const useClock = defineStore("clock", () => {
  const now = ref(Date.now());
  setInterval(() => (now.value = Date.now()), tick);
  return { now };
});
