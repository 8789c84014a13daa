import { expect, test } from "vitest";
import type { SequenceDocument } from "../../registry/store/collections.ts";
import { openNedb } from "../../registry/store/nedb.ts";
import { createSequence } from "../../registry/store/sequence.ts";
import { fastFolder } from "./folder.ts";

const sequences = { name: "sequences", key: (sequence: SequenceDocument) => sequence.name };

test("numbers begin at 1, and none is given twice: not to parallel callers, not after a restart", async () => {
  const folder = await fastFolder();
  const seen = new Set<number>();
  for (let run = 0; run < 3; run++) {
    const documents = await openNedb({ folder, onTrouble: () => undefined });
    const sequence = createSequence(await documents.collection(sequences));
    const numbers = await Promise.all(Array.from({ length: 250 }, () => sequence.next("projects")));
    if (run === 0) expect(numbers).toEqual(Array.from({ length: 250 }, (_, at) => at + 1));
    for (const number of numbers) expect(seen.has(number)).toBe(false);
    for (const number of numbers) seen.add(number);
    expect(await sequence.next(`users of run ${run}`)).toBe(1);
    await documents.close();
  }
  expect(seen.size).toBe(750);
});

test("a number is only given once the disk knows of it", async () => {
  const documents = await openNedb({ folder: await fastFolder(), onTrouble: () => undefined });
  const collection = await documents.collection(sequences);
  const refusing = { ...collection, put: () => Promise.reject(new Error("the disk is full")) };
  await expect(createSequence(refusing).next("tags")).rejects.toThrow("the disk is full");
  const sequence = createSequence(collection);
  expect(await sequence.next("tags")).toBe(1);
  expect(await collection.get("tags")).toEqual({ name: "tags", value: 100 });
  await documents.close();
});
