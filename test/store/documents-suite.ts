import { describe, expect, test } from "vitest";
import type { Collection, CollectionSpec, Documents } from "../../registry/store/documents.ts";
import { fastFolder } from "./folder.ts";

interface Ship {
  id: number;
  name: string;
  fleet?: string;
  port?: string;
  tons: number;
  decks: string[];
  papers: Record<string, unknown>;
}

const ships: CollectionSpec<Ship> = {
  name: "ships",
  key: (ship) => String(ship.id),
  unique: [["name"], ["fleet", "port"]],
  index: [["tons"], ["decks"], ["port"]],
};

const ship = (id: number, more: Partial<Ship> = {}): Ship => ({
  id,
  name: `ship ${id}`,
  tons: id * 10,
  decks: [],
  papers: {},
  ...more,
});

/** What every engine of documents promises. */
export function documentsSuite(engine: string, open: (folder: string) => Promise<Documents>): void {
  async function fleet(): Promise<{
    all: Collection<Ship>;
    reopen: () => Promise<Collection<Ship>>;
    documents: () => Documents;
  }> {
    const folder = await fastFolder();
    let documents = await open(folder);
    return {
      all: await documents.collection(ships),
      documents: () => documents,
      async reopen() {
        await documents.close();
        documents = await open(folder);
        return documents.collection(ships);
      },
    };
  }

  describe(`documents in ${engine}`, () => {
    test("come back as they were kept, now and after a restart", async () => {
      const { all, reopen } = await fleet();
      const kept = ship(1, {
        decks: ["a", "ü", "\u{1f6a2}"],
        papers: {
          "org.opencontainers.image.title": "dots",
          $set: { $ne: 1 },
          "": "nothing",
          $$deleted: true,
          constructor: { prototype: "plain" },
          lines: "one\u2028two\u2029three\u0085four\nfive\0six",
          alone: "\ud800",
          nested: [[1.5e300, -1, true, null, { "a.b": [] }]],
        },
      });
      await all.insert(kept);
      expect(await all.get("1")).toEqual(kept);
      expect(await (await reopen()).get("1")).toEqual(kept);
    });

    test("may have keys that mean something to JavaScript", async () => {
      const { all, reopen } = await fleet();
      const odd = { ...ships, name: "odd", key: (one: Ship) => one.name };
      const { documents } = await fleet();
      const collection = await documents().collection(odd);
      for (const [id, name] of ["__proto__", "constructor", "", "0", "toString"].entries()) {
        await collection.insert(ship(id, { name }));
        expect(await collection.get(name)).toMatchObject({ id, name });
      }
      expect(await collection.count()).toBe(5);
      expect(await all.get("__proto__")).toBeUndefined();
      expect(await (await reopen()).get("toString")).toBeUndefined();
    });

    test("are refused when they would come back as something else", async () => {
      const { all } = await fleet();
      const polluted = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>;
      for (const wrong of [NaN, Infinity, new Date(0), 1n, () => 1, Buffer.from("x"), new Map(), polluted]) {
        await expect(all.insert(ship(1, { papers: { wrong } }))).rejects.toMatchObject({
          code: "BAD_REQUEST",
        });
      }
      expect(await all.count()).toBe(0);
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
      await all.insert(ship(1, { papers: { kept: 1, dropped: undefined }, tons: -0 }));
      expect(await all.get("1")).toEqual(ship(1, { papers: { kept: 1 }, tons: 0 }));
    });

    test("cannot be changed through what was handed in or out", async () => {
      const { all } = await fleet();
      const mine = ship(1, { decks: ["a"] });
      await all.insert(mine);
      mine.decks.push("b");
      mine.tons = 99;
      const given = await all.get("1");
      if (given) given.tons = 77;
      expect(() => given?.decks.push("c")).toThrow();
      expect(await all.get("1")).toEqual(ship(1, { decks: ["a"] }));
    });

    test("of a key or unique value that is taken are refused, and the first one stays", async () => {
      const { all, reopen } = await fleet();
      await all.insert(ship(1, { fleet: "north", port: "kiel" }));
      const conflict = { code: "CONFLICT" };
      await expect(all.insert(ship(1, { name: "other" }))).rejects.toMatchObject(conflict);
      await expect(all.insert(ship(2, { name: "ship 1" }))).rejects.toMatchObject(conflict);
      await expect(all.insert(ship(2, { fleet: "north", port: "kiel" }))).rejects.toMatchObject(conflict);
      await expect(all.put(ship(2, { name: "ship 1" }))).rejects.toMatchObject(conflict);
      await all.insert(ship(2, { fleet: "north" }));
      await expect(all.update("2", { port: "kiel", tons: 5 })).rejects.toMatchObject(conflict);
      expect(await all.get("2")).toEqual(ship(2, { fleet: "north" }));
      await all.insert(ship(3));
      await all.insert(ship(4));
      expect(await (await reopen()).count()).toBe(4);
    });

    test("inserted by fifty callers at once under one key are kept once", async () => {
      const { all } = await fleet();
      const callers = Array.from({ length: 50 }, (_, tons) => all.insert(ship(1, { tons })));
      const done = await Promise.allSettled(callers);
      expect(done.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await all.get("1")).toMatchObject({ tons: 0 });
    });

    test("are replaced whole by put, and in part by update", async () => {
      const { all, reopen } = await fleet();
      await all.put(ship(1, { port: "kiel", decks: ["a"] }));
      await all.put(ship(1, { decks: ["b"] }));
      expect(await all.get("1")).toEqual(ship(1, { decks: ["b"] }));
      expect(await all.update("1", { tons: 7, port: "bremen" })).toBe(true);
      expect(await all.find({ port: "bremen" })).toEqual(ship(1, { tons: 7, port: "bremen", decks: ["b"] }));
      expect(await all.update("1", { port: undefined })).toBe(true);
      expect(await all.find({ port: "bremen" })).toBeUndefined();
      expect(await all.update("2", { tons: 7 })).toBe(false);
      await expect(all.update("1", { id: 2 })).rejects.toMatchObject({ code: "BAD_REQUEST" });
      expect(await (await reopen()).list()).toEqual([ship(1, { tons: 7, decks: ["b"] })]);
    });

    test("count every one of a hundred parallel increases", async () => {
      const { all, reopen } = await fleet();
      await all.insert(ship(1, { tons: 5 }));
      await Promise.all(Array.from({ length: 100 }, () => all.increase("1", "tons", 2)));
      expect(await all.get("1")).toMatchObject({ tons: 205 });
      await expect(all.increase("2", "tons", 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(all.increase("1", "name", 1)).rejects.toMatchObject({ code: "BAD_REQUEST" });
      expect(await (await reopen()).get("1")).toMatchObject({ tons: 205 });
    });

    test("are removed one by one and by condition, for good", async () => {
      const { all, reopen } = await fleet();
      for (let id = 1; id <= 30; id++) await all.insert(ship(id, { tons: id % 3 }));
      expect(await all.remove("1")).toBe(true);
      expect(await all.remove("1")).toBe(false);
      expect(await all.removeAll({ tons: 2 })).toBe(10);
      expect(await all.removeAll({ tons: 2 })).toBe(0);
      await all.insert(ship(1));
      const again = await reopen();
      expect(await again.count()).toBe(20);
      expect(await again.count({ tons: 2 })).toBe(0);
      expect(await again.get("1")).toEqual(ship(1));
    });

    test("are found by value, set, range, part of a text, and element of a list", async () => {
      const { all } = await fleet();
      await all.insert(ship(1, { name: "Anna (old)", decks: ["sun", "car"], port: "kiel" }));
      await all.insert(ship(2, { name: "anna2", decks: ["car"], port: "kiel" }));
      await all.insert(ship(3, { name: "Berta" }));
      const ids = async (listing: Parameters<typeof all.list>[0]) =>
        (await all.list(listing)).map(({ id }) => id);
      expect(await ids({ where: { tons: { in: [10, 30, 31] } }, sort: ["id"] })).toEqual([1, 3]);
      expect(await ids({ where: { tons: { from: 20 } }, sort: ["id"] })).toEqual([2, 3]);
      expect(await ids({ where: { tons: { from: 10, to: 20 } }, sort: ["-id"] })).toEqual([2, 1]);
      expect(await ids({ where: { name: { contains: "ANNA" } }, sort: ["id"] })).toEqual([1, 2]);
      expect(await ids({ where: { name: { contains: "(old)" } } })).toEqual([1]);
      expect(await ids({ where: { name: { contains: ".*" } } })).toEqual([]);
      expect(await ids({ where: { decks: "car" }, sort: ["id"] })).toEqual([1, 2]);
      expect(await ids({ where: { decks: { in: ["sun", "car"] } }, sort: ["id"] })).toEqual([1, 2]);
      expect(await ids({ where: { port: "kiel", decks: "sun" } })).toEqual([1]);
      expect(await all.find({ port: "kiel", name: "anna2" })).toMatchObject({ id: 2 });
      expect(await all.find({ name: "nobody" })).toBeUndefined();
      expect(await all.find({ tons: { from: 25 } })).toMatchObject({ id: 3 });
      expect([await all.count({ decks: "car" }), await all.count({ port: "kiel", tons: 10 })]).toEqual([
        2, 1,
      ]);
    });

    test("come in pages, sorted by several fields", async () => {
      const { all } = await fleet();
      for (let id = 1; id <= 9; id++) await all.insert(ship(id, { tons: id % 2 }));
      const ids = async (listing: Parameters<typeof all.list>[0]) =>
        (await all.list(listing)).map(({ id }) => id);
      expect(await ids({ sort: ["-tons", "id"] })).toEqual([1, 3, 5, 7, 9, 2, 4, 6, 8]);
      expect(await ids({ sort: ["-id"], skip: 2, limit: 3 })).toEqual([7, 6, 5]);
      expect(await ids({ skip: 8, limit: 5 })).toHaveLength(1);
      expect(await ids({ skip: 9 })).toEqual([]);
      expect(await ids({ limit: 0 })).toEqual([]);
    });

    test("are never all meant by a condition without a value, nor by an operator", async () => {
      const { all } = await fleet();
      await all.insert(ship(1));
      expect(await all.find({ port: undefined })).toBeUndefined();
      expect(await all.removeAll({ port: undefined })).toBe(0);
      for (const where of [{ tons: { $gt: 0 } }, { $where: "1" }, { "papers.x": 1 }, { $not: { tons: 1 } }]) {
        await expect(all.list({ where: where as object })).rejects.toMatchObject({ code: "BAD_REQUEST" });
      }
      expect(await all.count()).toBe(1);
    });

    test("written by a thousand callers at once are all there after a restart, in their last state", async () => {
      const { all, reopen } = await fleet();
      await Promise.all(
        Array.from({ length: 1000 }, async (_, id) => {
          await all.insert(ship(id));
          if (id % 2) await all.update(String(id), { tons: -1 });
          if (id % 3 === 0) await all.remove(String(id));
        }),
      );
      const again = await reopen();
      expect(await again.count()).toBe(666);
      expect(await again.count({ tons: -1 })).toBe(333);
      await expect(all.insert(ship(5000))).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
      expect(await all.get("5000")).toBeUndefined();
    });
  });
}
