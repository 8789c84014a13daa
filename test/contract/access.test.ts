import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anonymous, type Caller } from "../../registry/access/caller.ts";
import { contract, operationsOf } from "../../registry/contract/index.ts";
import type { Operation } from "../../registry/contract/operation.ts";
import { startBerth, type Berth } from "../harness.ts";
import { addMember, addUser } from "../people.ts";

/** An input that parses, for every operation: the fields that operations name, with values that are there. */
const values: Record<string, unknown> = {
  project_name_or_id: "secret",
  project_name: "secret",
  repository_name: "app",
  reference: "latest",
  tag_name: "latest",
  name: "other",
  mid: 1,
  role_id: 3,
  member_user: { user_id: 1 },
  user_id: 1,
  username: "somebody",
  email: "somebody@example.test",
  realname: "Some Body",
  password: "Sailor-12345",
  new_password: "Sailor-12345",
  description: "text",
  principal: "nobody",
  q: "x",
};

function inputOf(operation: Operation): Record<string, unknown> {
  const fields = Object.keys(operation.input.shape).filter((field) => field in values && field !== "q");
  const input = Object.fromEntries(fields.map((field) => [field, values[field]]));
  return "q" in operation.input.shape && !("page" in operation.input.shape) ? { ...input, q: "x" } : input;
}

const all = operationsOf(contract);

describe("every operation of the contract", () => {
  let berth: Berth;
  let stranger: Caller;
  let guest: Caller;

  beforeAll(async () => {
    berth = await startBerth();
    await berth.client().projects.create({ project_name: "secret" });
    stranger = await addUser(berth, "stranger");
    guest = await addMember(berth, "secret", "guest");
  });
  afterAll(() => berth.close());

  const outcome = (name: string, operation: Operation, caller: Caller): Promise<string> =>
    berth.registry.call(name, inputOf(operation), caller).then(
      () => "done",
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );

  test.each(all.filter(({ operation }) => operation.access !== "anyone"))(
    "$name refuses who is not signed in",
    async ({ name, operation }) => {
      expect(await outcome(name, operation, anonymous("test"))).toBe("UNAUTHORIZED");
    },
  );

  // What "user" and "account" allow is the operation's own to say: their tests are with what they are about.
  test.each(all.filter(({ operation }) => !["anyone", "user", "account"].includes(operation.access)))(
    "$name refuses who has no role there",
    async ({ name, operation }) => {
      expect(await outcome(name, operation, stranger)).toBe("FORBIDDEN");
    },
  );

  test.each(all.filter(({ operation }) => /:(create|update|delete)$/.test(operation.access)))(
    "$name refuses a guest",
    async ({ name, operation }) => {
      expect(await outcome(name, operation, guest)).toBe("FORBIDDEN");
    },
  );

  test.each(all.filter(({ operation }) => /:(list|read)$/.test(operation.access)))(
    "$name lets a guest read",
    async ({ name, operation }) => {
      expect(["done", "NOT_FOUND"]).toContain(await outcome(name, operation, guest));
    },
  );

  test("an input field that the operation does not know never reaches the rules", async () => {
    const draft = {
      username: "plain",
      email: "plain@example.test",
      realname: "Plain",
      password: "Sailor-12345",
    };
    const { id } = await berth.client().users.create({ ...draft, sysadmin_flag: true } as typeof draft);
    const { items } = await berth.client().users.list({ page_size: 100 });
    expect(items.find((user) => user.user_id === Number(id))?.sysadmin_flag).toBe(false);
  });

  test.each([
    "projects",
    "projects.nothing",
    "__proto__.toString",
    "constructor.name",
    "desktop.state",
    "",
    "a.b.c",
  ])("there is no operation named %j", async (name) => {
    await expect(berth.registry.call(name, {}, stranger)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
