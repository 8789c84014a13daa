import { ref } from "vue";
import { Fault } from "../../registry/contract/fault.ts";
import { useFaults } from "./faults.ts";

/** One form: whether its answer is awaited, and what was wrong, beside the field that it is about where that is told. */
export function useForm(fields: readonly string[] = []) {
  const { inWords } = useFaults();
  const busy = ref(false);
  const trouble = ref("");
  const wrong = ref<Record<string, string>>({});

  function clear(): void {
    trouble.value = "";
    wrong.value = {};
  }

  /** Runs `work` unless it runs already; says whether it succeeded. */
  async function submit(work: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    clear();
    try {
      await work();
      return true;
    } catch (error) {
      tell(error);
      return false;
    } finally {
      busy.value = false;
    }
  }

  /** The registry tells of wrong input as `field: what is wrong; other: …`. */
  function tell(error: unknown): void {
    const parts = error instanceof Fault ? error.message.split("; ") : [];
    const told = parts.map((part) => /^(\w+): (.+)$/.exec(part));
    if (told.length > 0 && told.every((part) => part !== null && fields.includes(part[1] ?? ""))) {
      const code = error instanceof Fault ? error.code : "BAD_REQUEST";
      const words = told.map((part) => [part?.[1] ?? "", inWords(new Fault(code, part?.[2] ?? ""))]);
      wrong.value = Object.fromEntries(words) as Record<string, string>;
    } else trouble.value = inWords(error);
  }

  return { busy, trouble, wrong, submit, clear };
}
