import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { toFault, type Fault } from "../../registry/contract/fault.ts";
import type { Page } from "../../registry/contract/reply.ts";

/** One page of a list that the server sorts, searches and cuts, kept as it is while the next one comes. */
export interface Listing<Query, Item> {
  items: ShallowRef<Item[]>;
  /** Over all pages. */
  total: Ref<number>;
  /** Something has been shown: an empty list is really empty. */
  loaded: Ref<boolean>;
  /** The person waits; a refresh after an event is silent. */
  busy: Ref<boolean>;
  fault: ShallowRef<Fault | undefined>;
  show(query: Query): Promise<void>;
  refresh(): Promise<void>;
  /** Forgets everything: whoever shows the list next sees nothing of this one. */
  leave(): void;
}

export function createListing<Query, Item>(
  load: (query: Query) => Promise<Page<Item>>,
): Listing<Query, Item> {
  const items: ShallowRef<Item[]> = shallowRef([]);
  const total = ref(0);
  const loaded = ref(false);
  const busy = ref(false);
  const fault = shallowRef<Fault>();
  let query: Query | undefined;
  let turn = 0;

  /** Of answers that overtake one another only the last question's counts. */
  async function refresh(): Promise<void> {
    if (query === undefined) return;
    const mine = ++turn;
    try {
      const page = await load(query);
      if (mine !== turn) return;
      items.value = page.items;
      total.value = page.total;
      loaded.value = true;
      fault.value = undefined;
    } catch (error) {
      if (mine === turn) fault.value = toFault(error);
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  async function show(next: Query): Promise<void> {
    query = next;
    busy.value = true;
    await refresh();
  }

  function leave(): void {
    turn++;
    query = undefined;
    items.value = [];
    total.value = 0;
    loaded.value = false;
    busy.value = false;
    fault.value = undefined;
  }

  return { items, total, loaded, busy, fault, show, refresh, leave };
}
