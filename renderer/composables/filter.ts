import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter, type LocationQuery } from "vue-router";

/** Further choices of a list, kept in the address beside its page; one that is not made is empty. */
export function useFilter<K extends string>(
  names: readonly K[],
): {
  filter: ComputedRef<Record<K, string>>;
  narrow(changes: Partial<Record<K, string>>): void;
} {
  const route = useRoute();
  const router = useRouter();
  const { name } = route;
  let last = read(route.query);

  function read(query: LocationQuery): Record<K, string> {
    const chosen = names.map((key) => [key, typeof query[key] === "string" ? query[key] : ""]);
    return Object.fromEntries(chosen) as Record<K, string>;
  }

  // On the way to another view the address already speaks of that one.
  const filter = computed(() => (route.name === name ? (last = read(route.query)) : last));

  /** Starts at the first page again. */
  function narrow(changes: Partial<Record<K, string>>): void {
    const { page: _page, ...others } = { ...route.query, ...changes };
    const kept = Object.entries(others).filter(([, value]) => value !== "" && value !== undefined);
    void router.replace({ query: Object.fromEntries(kept) });
  }

  return { filter, narrow };
}
