import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

export interface ListQuery {
  page: number;
  page_size: number;
  sort: string;
  /** What the person looks for. */
  text: string;
}

/** A list's page, order and search kept in the address: going back, reloading and sharing a link find the same list. */
export function useListQuery(first: { sort: string; page_size: number }): {
  query: ComputedRef<ListQuery>;
  change(changes: Partial<ListQuery>): void;
} {
  const route = useRoute();
  const router = useRouter();
  const { name } = route;
  let last: ListQuery = { page: 1, text: "", ...first };

  const query = computed(() => {
    // On the way to another view the address already speaks of that one.
    if (route.name !== name) return last;
    const { page, sort, text } = route.query;
    last = {
      page: Math.max(1, Number(page) || 1),
      page_size: first.page_size,
      sort: typeof sort === "string" ? sort : first.sort,
      text: typeof text === "string" ? text : "",
    };
    return last;
  });

  /** Whatever changes but the page itself starts at the first page again. */
  function change(changes: Partial<ListQuery>): void {
    const next = { ...query.value, page: 1, ...changes };
    const { page: _page, sort: _sort, text: _text, ...others } = route.query;
    void router.replace({
      query: {
        ...others,
        ...(next.page > 1 ? { page: String(next.page) } : {}),
        ...(next.sort !== first.sort ? { sort: next.sort } : {}),
        ...(next.text !== "" ? { text: next.text } : {}),
      },
    });
  }

  return { query, change };
}

/** `text` as a value in Harbor's `q`: what no name can hold must not be read as part of the question. */
export function searchable(text: string): string {
  return text.replace(/[^\w./-]/g, "?");
}
