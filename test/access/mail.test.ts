import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { addUser, password } from "../people.ts";
import { openPostOffice, type PostOffice } from "./post-office.ts";

async function until<T>(find: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("it did not come");
}

describe("a forgotten password", () => {
  let berth: Berth;
  let office: PostOffice;
  const post = (path: string, body: unknown) =>
    berth.fetch(`/api/v2.0${path}`, {
      method: "POST",
      as: null,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const tokenOf = (text: string) => /\/reset-password#([\w-]+)/.exec(text)?.[1] ?? "";
  async function letter(email: string): Promise<string> {
    const before = office.letters.length;
    expect((await post("/users/forgot", { email })).status).toBe(200);
    return (await until(() => office.letters[before])).text;
  }

  beforeAll(async () => {
    office = await openPostOffice({ hideSTARTTLS: true });
    berth = await startBerth();
    await berth.client().configurations.update({
      email_host: "127.0.0.1",
      email_port: office.port,
      email_tls: "none",
      email_username: "mailer",
      email_password: "Post-12345",
      email_from: "Berth <berth@example.test>",
      ext_endpoint: "http://berth.example.test:5100",
    });
  });
  afterAll(async () => {
    await berth.close();
    await office.close();
  });

  test("is set anew by a link that comes by mail, works once, and ends every session and token", async () => {
    const ida = await addUser(berth, "ida");
    const granted = await berth.fetch("/service/token?service=harbor-registry", {
      as: { name: "ida", password },
    });
    const { token: bearer } = (await granted.json()) as { token: string };
    const text = await letter("ida@example.test");
    expect(text).toContain("http://berth.example.test:5100/reset-password#");
    const sent = office.letters.at(-1);
    expect(sent).toMatchObject({ to: ["ida@example.test"], user: "mailer" });

    const token = tokenOf(text);
    expect((await post("/users/reset", { token, password: "weak" })).status).toBe(422);
    const both = await Promise.all(
      [1, 2].map(() => post("/users/reset", { token, password: "Renewed-12345" })),
    );
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 400]);

    expect((await berth.fetch("/v2/", { as: { name: "ida", password } })).status).toBe(401);
    expect((await berth.fetch("/v2/", { as: { name: "ida", password: "Renewed-12345" } })).status).toBe(200);
    expect(
      (await berth.fetch("/v2/", { as: null, headers: { authorization: `Bearer ${bearer}` } })).status,
    ).toBe(401);
    const now = await berth.signIn("ida", "Renewed-12345");
    const { items } = await berth.client(now).session.list({});
    expect(items.map((session) => session.id)).not.toContain(ida.session);
    expect(items).toHaveLength(1);
  });

  test("the answer tells nobody whether an address is known, and nothing is sent to one that is not", async () => {
    await addUser(berth, "jan");
    const before = office.letters.length;
    const known = await post("/users/forgot", { email: "jan@example.test" });
    const unknown = await post("/users/forgot", { email: "nobody@example.test" });
    const shape = async (answer: Response) => [
      answer.status,
      await answer.text(),
      answer.headers.get("content-type"),
    ];
    expect(await shape(known)).toEqual(await shape(unknown));
    await until(() => office.letters[before]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(office.letters.slice(before).map((one) => one.to)).toEqual([["jan@example.test"]]);
  });

  test.each([
    ["victim@x.test", "evil@y.test"],
    { a: 1 },
    "a@x.test, b@y.test",
    '"a@evil.test"@x.test',
    null,
    7,
  ])("asked for with the address %j sends nothing anywhere", async (email) => {
    const before = office.letters.length;
    expect([400, 422]).toContain((await post("/users/forgot", { email })).status);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(office.letters.length).toBe(before);
  });

  test("only the newest link works, and none after the address was changed", async () => {
    const kim = await addUser(berth, "kim");
    const first = tokenOf(await letter("kim@example.test"));
    const second = tokenOf(await letter("kim@example.test"));
    expect((await post("/users/reset", { token: first, password: "Renewed-12345" })).status).toBe(400);
    await berth.client(kim).users.update({ user_id: kim.id, email: "kim2@example.test", realname: "Kim" });
    expect((await post("/users/reset", { token: second, password: "Renewed-12345" })).status).toBe(400);
  });

  test("three letters an hour are enough for an account", async () => {
    await addUser(berth, "lea");
    const before = office.letters.length;
    for (let n = 0; n < 5; n += 1)
      expect((await post("/users/forgot", { email: "lea@example.test" })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(office.letters.length - before).toBeLessThanOrEqual(3);
  });
});

describe("a link that has lain too long", () => {
  test("does nothing", async () => {
    const office = await openPostOffice();
    let time = new Date("2026-03-01T10:00:00Z");
    const berth = await startBerth({ now: () => time });
    await berth
      .client()
      .configurations.update({ email_host: "127.0.0.1", email_port: office.port, email_tls: "none" });
    await addUser(berth, "mia");
    const headers = { "content-type": "application/json" };
    const send = (path: string, body: unknown) =>
      berth.fetch(path, { method: "POST", as: null, headers, body: JSON.stringify(body) });
    await send("/api/v2.0/users/forgot", { email: "mia@example.test" });
    const { text } = await until(() => office.letters[0]);
    expect(text).toContain(`http://${berth.address}/reset-password#`);
    time = new Date("2026-03-01T10:31:00Z");
    const token = /#([\w-]+)/.exec(text)?.[1] ?? "";
    expect((await send("/api/v2.0/users/reset", { token, password: "Renewed-12345" })).status).toBe(400);
    await berth.close();
    await office.close();
  });
});

describe("a test mail", () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await startBerth();
  });
  afterAll(() => berth.close());
  const sent = (settings: object) =>
    berth.client().configurations.testMail({
      to: "me@example.test",
      email_host: "127.0.0.1",
      email_tls: "none",
      ...settings,
    });

  test("goes out by TLS, by STARTTLS and in the clear, with a name and a password", async () => {
    for (const [email_tls, options] of [
      ["tls", { secure: true }],
      ["starttls", {}],
      ["none", { hideSTARTTLS: true }],
    ] as const) {
      const office = await openPostOffice(options);
      const login = { email_username: "mailer", email_password: "Post-12345" };
      await sent({ email_port: office.port, email_tls, email_insecure: true, ...login });
      expect(office.letters[0]).toMatchObject({
        to: ["me@example.test"],
        user: "mailer",
        secure: email_tls !== "none",
      });
      await office.close();
    }
  });

  test("that fails says why", async () => {
    const office = await openPostOffice({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    const secure = await openPostOffice({ secure: true });
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const login = { email_username: "mailer", email_password: "wrong" };
    await expect(sent({ email_port: office.port, ...login })).rejects.toThrow(
      /refuses the user name or the password/,
    );
    await expect(sent({ email_port: office.port, email_tls: "starttls" })).rejects.toThrow(/STARTTLS/);
    await expect(sent({ email_port: secure.port, email_tls: "tls" })).rejects.toThrow(
      /certificate .* not trusted/,
    );
    await expect(sent({ email_port: 1 })).rejects.toThrow(/refuses the connection/);
    await expect(sent({ email_host: "no-such-host.invalid" })).rejects.toThrow(/no mail server named/);
    await expect(sent({ email_port: (silent.address() as AddressInfo).port })).rejects.toThrow(
      /does not answer/,
    );
    silent.close();
    await office.close();
    await secure.close();
  });
});
