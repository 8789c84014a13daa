import { ref, shallowRef, watch } from "vue";

/** After the last key, in milliseconds. */
const pause = 200;

/** What `find` knows about a text, asked once it is typed; answers that come too late are dropped. */
export function useSuggestions<T>(find: (text: string) => Promise<T[]>) {
  const text = ref("");
  const found = shallowRef<T[]>([]);
  /** What was found belongs to the text. */
  const searched = ref(false);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  watch(text, (wanted) => {
    clearTimeout(waiting);
    const mine = ++turn;
    searched.value = false;
    if (wanted.trim() === "") {
      found.value = [];
      return;
    }
    waiting = setTimeout(async () => {
      const answer = await find(wanted.trim()).catch(() => []);
      if (mine !== turn) return;
      found.value = answer;
      searched.value = true;
    }, pause);
  });

  return { text, found, searched };
}
