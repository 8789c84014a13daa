import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Caller } from "../../registry/access/caller.ts";
import type { RegistryEvent } from "../../registry/contract/event.ts";
import { startBerth, type Berth } from "../harness.ts";
import { addMember, addUser } from "../people.ts";

/** Who hears of what. */
describe("what happens", () => {
  let berth: Berth;

  beforeAll(async () => {
    berth = await startBerth();
    await berth.client().projects.create({ project_name: "secret" });
  });
  afterAll(() => berth.close());

  /** What each hears while the work is done, and a while after. */
  async function heard(callers: Caller[], work: () => Promise<unknown>): Promise<string[][]> {
    const told = callers.map((): RegistryEvent[] => []);
    const ends = callers.map((caller, n) =>
      berth.registry.subscribe(
        () => Promise.resolve(caller),
        (event) => told[n]?.push(event),
      ),
    );
    await work();
    // The administrator hears everything, and each queue is as long as the others.
    await expect.poll(() => told.some((events) => events.length > 0)).toBe(true);
    await new Promise((done) => setTimeout(done, 50));
    for (const end of ends) end();
    return told.map((events) => events.map(({ name }) => name));
  }

  test("in a project is told to its members and administrators, not to strangers", async () => {
    const admin = await berth.signIn("admin", berth.admin.password);
    const [member, stranger] = [
      await addMember(berth, "secret", "limitedGuest"),
      await addUser(berth, "stranger"),
    ];
    const change = { project_name_or_id: "secret", metadata: { auto_scan: "false" } };
    const told = await heard([admin, member, stranger], () => berth.client().projects.update(change));
    expect(told).toEqual([["project.changed"], ["project.changed"], []]);
  });

  test("to a membership is told to who has just lost it, and to no other stranger", async () => {
    const admin = await berth.signIn("admin", berth.admin.password);
    const leaving = await addMember(berth, "secret", "guest");
    const stranger = await addUser(berth, "passer-by");
    const { items } = await berth.client().members.list({ project_name_or_id: "secret" });
    const mid = items.find(({ entity_id }) => entity_id === leaving.id)?.id ?? 0;
    const told = await heard([admin, leaving, stranger], () =>
      berth.client().members.remove({ project_name_or_id: "secret", mid }),
    );
    expect(told).toEqual([["project.changed", "member.removed"], ["member.removed"], []]);
  });

  test("to the settings is told to administrators alone", async () => {
    const admin = await berth.signIn("admin", berth.admin.password);
    const somebody = await addUser(berth, "somebody");
    const told = await heard([admin, somebody], () =>
      berth.client().configurations.update({ banner_message: "hello" }),
    );
    expect(told).toEqual([["configuration.changed"], []]);
  });
});
