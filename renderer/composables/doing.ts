import { ref } from "vue";
import { useNotices } from "../stores/notices.ts";
import { useFaults } from "./faults.ts";

/** Small deeds of a row: one at a time, and what goes wrong is said in a notice. */
export function useDoing() {
  const { inWords } = useFaults();
  const notices = useNotices();
  const busy = ref(false);

  async function run(work: () => Promise<void>): Promise<void> {
    busy.value = true;
    try {
      await work();
    } catch (error) {
      notices.show({ text: inWords(error), kind: "trouble" });
    } finally {
      busy.value = false;
    }
  }

  return { busy, run };
}
