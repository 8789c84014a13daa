import { shallowRef, type ShallowRef } from "vue";
import { toFault, type Fault } from "../../registry/contract/fault.ts";

/** One thing that is read by its name and read again when something happens to it. */
export interface Reading<Key, Value> {
  value: ShallowRef<Value | undefined>;
  fault: ShallowRef<Fault | undefined>;
  open(key: Key): Promise<void>;
  refresh(): Promise<void>;
  leave(): void;
}

export function createReading<Key, Value>(read: (key: Key) => Promise<Value>): Reading<Key, Value> {
  const value = shallowRef<Value>();
  const fault = shallowRef<Fault>();
  let key: Key | undefined;
  let turn = 0;

  async function refresh(): Promise<void> {
    if (key === undefined) return;
    const mine = ++turn;
    try {
      const answer = await read(key);
      if (mine !== turn) return;
      value.value = answer;
      fault.value = undefined;
    } catch (error) {
      if (mine === turn) fault.value = toFault(error);
    }
  }

  async function open(next: Key): Promise<void> {
    leave();
    key = next;
    await refresh();
  }

  function leave(): void {
    turn++;
    key = undefined;
    value.value = undefined;
    fault.value = undefined;
  }

  return { value, fault, open, refresh, leave };
}
