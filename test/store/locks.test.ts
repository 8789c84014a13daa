import { expect, test } from "vitest";
import { createLocks } from "../../registry/store/locks.ts";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

test("work of one key runs one after the other, in the order of asking; other keys do not wait", async () => {
  const locks = createLocks();
  const done: string[] = [];
  const work = (name: string, milliseconds: number) => async () => {
    done.push(`${name} begins`);
    await pause(milliseconds);
    done.push(`${name} ends`);
  };
  await Promise.all([
    locks.lock("a", work("first", 20)),
    locks.lock("a", work("second", 1)),
    locks.lock("b", work("other", 5)),
  ]);
  expect(done).toEqual([
    "first begins",
    "other begins",
    "other ends",
    "first ends",
    "second begins",
    "second ends",
  ]);
});

test("work that needs several keys waits for all of them, and none waits for ever", async () => {
  const locks = createLocks();
  const held = new Set<string>();
  const keys = ["a", "b", "c", "d"];
  let runs = 0;
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => {
      const mine = keys.filter((_key, at) => (n * 7919) & (1 << at)).reverse();
      return locks.lock([...mine, ...mine], async () => {
        for (const key of mine) expect(held.has(key)).toBe(false);
        for (const key of mine) held.add(key);
        await pause(n % 3);
        for (const key of mine) held.delete(key);
        runs++;
      });
    }),
  );
  expect(runs).toBe(200);
});

test("work that fails tells its caller, and lets the next one in", async () => {
  const locks = createLocks();
  const failing = locks.lock("a", () => Promise.reject(new Error("no")));
  const next = locks.lock("a", () => Promise.resolve("yes"));
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
});
