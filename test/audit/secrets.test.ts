import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogLine } from "../../registry/config.ts";
import { openPostOffice, type PostOffice } from "../access/post-office.ts";
import { startBerth, type Berth } from "../harness.ts";
import { addUser, password } from "../people.ts";

/** H-24: what is secret is in no log, whichever way it came, right or wrong. */
describe("no log holds a secret", () => {
  const canary = "Canary-0420";
  const logged: LogLine[] = [];
  let berth: Berth;
  let office: PostOffice;
  let admin: ReturnType<Berth["client"]>;

  beforeAll(async () => {
    office = await openPostOffice({ hideSTARTTLS: true });
    berth = await startBerth({ log: (line) => logged.push(line) });
    admin = berth.client();
  });
  afterAll(async () => {
    await berth.close();
    await office.close();
  });

  async function everyLog(): Promise<string> {
    await admin.audit.list({});
    const folder = join(berth.dataDir, "audit");
    const files = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")),
    );
    return [...files, JSON.stringify(logged)].join("\n");
  }
  const refused = (work: Promise<unknown>): Promise<void> => expect(work).rejects.toThrow();

  test("of settings, passwords, robots and sign-ins", async () => {
    await admin.configurations.update({ ldap_search_password: canary, email_password: canary });
    await admin.configurations.update({ email_password: null });
    const ann = await addUser(berth, "ann");
    const draft = { username: "bea", email: "bea@example.test", realname: "Bea", password: canary };
    await admin.users.create(draft);
    const mine = berth.client(ann);
    await mine.users.setPassword({ user_id: ann.id, old_password: password, new_password: `${canary}1` });
    const again = berth.client(await berth.signIn("ann", `${canary}1`));
    const change = { user_id: ann.id, old_password: `${canary}-old`, new_password: `${canary}2` };
    await refused(again.users.setPassword(change));
    await refused(again.users.setPassword({ user_id: 1, new_password: canary }));
    await refused(again.users.create({ ...draft, username: "cy", email: "cy@example.test" }));
    await refused(again.configurations.update({ email_password: canary }));

    const access = [{ resource: "repository", action: "pull" }];
    const permissions = [{ kind: "project" as const, namespace: "library", access }];
    const robot = await admin.robots.create({ name: "build", level: "project", permissions });
    await admin.robots.refresh({ robot_id: robot.id, secret: `${canary}-robot` });
    const { secret } = await admin.robots.refresh({ robot_id: robot.id });

    const wrong = { name: "ann", password: `${canary}-wrong` };
    expect((await berth.fetch("/v2/", { as: wrong })).status).toBe(401);
    expect((await berth.fetch("/v2/", { as: { name: robot.name, password: `${canary}-no` } })).status).toBe(
      401,
    );
    expect((await berth.fetch("/service/token?service=harbor-registry", { as: wrong })).status).toBe(401);
    const bare = { authorization: `Basic ${Buffer.from(canary).toString("base64")}` };
    expect((await berth.fetch("/v2/", { as: null, headers: bare })).status).toBe(401);
    await refused(berth.signIn("ann", `${canary}-wrong`));

    const text = await everyLog();
    expect(text).not.toContain(canary);
    expect(text).not.toContain(Buffer.from(canary).toString("base64").slice(0, 12));
    for (const made of [robot.secret, secret, password, berth.admin.password])
      expect(text).not.toContain(made);
    expect(text).toContain('"resource":"email_password, ldap_search_password"');
    expect(text).toContain('"resource":"email_password","operation_description":"","operation_result":false');
    expect(text).toContain('"resource":"robot$library+build"');
  });

  test("of a link to a new password, whose use is told with whose it was", async () => {
    await admin.configurations.update({
      email_host: "127.0.0.1",
      email_port: office.port,
      email_tls: "none",
      email_from: "berth@example.test",
    });
    await berth.client().users.forgot({ email: "bea@example.test" });
    for (let tries = 0; office.letters.length === 0 && tries < 200; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 25));
    const [, token = ""] = /#([\w-]{20,})/.exec(office.letters[0]?.text ?? "") ?? [];
    await berth.client().users.reset({ token, password: `${canary}-new` });
    const { items } = await admin.audit.list({ q: "operation=update,resource_type=user" });
    expect(items[0]).toMatchObject({ resource: "bea", operation_description: "password" });
    const text = await everyLog();
    expect(text).not.toContain(canary);
    expect(token.length).toBeGreaterThan(20);
    expect(text).not.toContain(token);
  });
});
