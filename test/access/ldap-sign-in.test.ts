import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { anonymous } from "../../registry/access/caller.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { base, password, personDn, readerDn } from "./entries.ts";
import { startSlapd, type Slapd } from "./slapd.ts";

describeWith(["slapd", "ldapmodify", "openssl"], "signing in by a directory", () => {
  let slapd: Slapd;
  let berth: Berth;
  let admin: ReturnType<Berth["client"]>;
  let time = Date.now();
  beforeAll(async () => {
    slapd = await startSlapd();
    berth = await startBerth({ now: () => new Date(time) });
    admin = berth.client();
    await admin.configurations.update(slapd.settings);
  });
  afterAll(async () => {
    await berth?.close();
    await slapd?.close();
  });

  // Every wrong password makes the next answer slower, until a quarter of an hour has passed.
  beforeEach(() => void (time += 16 * 60_000));

  const minuteLater = (): void => void (time += 61_000);
  const basic = (name: string, secret = password, path = "/v2/"): Promise<number> =>
    berth.fetch(path, { as: { name, password: secret } }).then((answer) => answer.status);

  test("makes the user on the first sign-in, with name and mail, and without a password here", async () => {
    const caller = await berth.signIn("ann", password);
    const me = await berth.client(caller).users.current({});
    expect(me).toMatchObject({
      username: "ann",
      realname: "ann of people",
      email: "ann@berth.test",
      sysadmin_flag: false,
      admin_role_in_auth: false,
    });
    const { items } = await admin.users.list({});
    expect(items.map((user) => user.username)).toEqual(["ann"]);
  });

  test("the search account's password is kept among the secrets and never shown", async () => {
    const shown = await admin.configurations.get({});
    expect(shown.ldap_search_password).toEqual({ value: "", editable: true, is_set: true });
    expect(shown.auth_mode).toMatchObject({ editable: false });
  });

  test("asks once to find the entry, by one escaped equality, and binds as what was found", async () => {
    await slapd.asked();
    await berth.signIn("ann", password);
    expect(await slapd.asked()).toEqual([
      `BIND dn="${readerDn}" method=128`,
      `BIND dn="${readerDn}" mech=SIMPLE bind_ssf=0 ssf=0`,
      `SRCH base="${base}" scope=2 deref=0 filter="(&(objectClass=inetOrgPerson)(uid=ann))"`,
      `BIND dn="${personDn("ann")}" method=128`,
      `BIND dn="${personDn("ann")}" mech=SIMPLE bind_ssf=0 ssf=0`,
    ]);
  });

  test("the name's case and the spaces around it make no second user", async () => {
    for (const name of ["ANN", "Ann", " ann "]) {
      const caller = await berth.signIn(name, password);
      expect((await berth.client(caller).users.current({})).username).toBe("ann");
    }
  });

  test("docker gets its token by name and password, for what the user may do", async () => {
    const path = "/service/token?service=harbor-registry&scope=repository:library/app:pull,push";
    const answer = await berth.fetch(path, { as: { name: "ann", password } });
    expect(answer.status).toBe(200);
    const { token } = (await answer.json()) as { token: string };
    const [, claims = ""] = token.split(".");
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
      sub: "ann",
      access: [{ type: "repository", name: "library/app", actions: ["pull"] }],
    });
    expect(
      (await berth.fetch("/v2/", { as: null, headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(200);
    expect(await basic("ann", "wrong", path)).toBe(401);
  });

  test("the requests of one client do not each ask the directory, for a minute", async () => {
    minuteLater();
    await slapd.asked();
    for (let request = 0; request < 5; request += 1) expect(await basic("ann")).toBe(200);
    expect((await slapd.asked()).filter((line) => line.startsWith("SRCH"))).toHaveLength(1);
    minuteLater();
    expect(await basic("ann")).toBe(200);
    expect((await slapd.asked()).filter((line) => line.startsWith("SRCH"))).toHaveLength(1);
  });

  test("a password that was right is no help to another, and a changed one ends within a minute", async () => {
    expect(await basic("ann", "Other-12345")).toBe(401);
    await slapd.modify(
      `dn: ${personDn("ann")}\nchangetype: modify\nreplace: userPassword\nuserPassword: Other-12345\n`,
    );
    await expect(berth.signIn("ann", password)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(await basic("ann")).toBe(401);
    expect(await basic("ann", "Other-12345")).toBe(200);
    await slapd.modify(
      `dn: ${personDn("ann")}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${password}\n`,
    );
    minuteLater();
    expect(await basic("ann", "Other-12345")).toBe(401);
    expect(await basic("ann")).toBe(200);
  });

  test("an empty password is refused before the directory hears of it, and so is what it could take for one", async () => {
    await slapd.asked();
    const secrets = ["", "\0", " ", "   ", `\0${password}`];
    const names = ["ann", "dora", "star*", "a,b", "mover"];
    const answers = await Promise.all(names.map((name, at) => basic(name, secrets[at])));
    expect(answers).toEqual([401, 401, 401, 401, 401]);
    const sessions = secrets.map((secret, at) =>
      berth.registry.call(
        "session.open",
        { principal: names[at], password: secret },
        anonymous(`10.0.0.${at}`),
      ),
    );
    for (const { status } of await Promise.allSettled(sessions)) expect(status).toBe("rejected");
    expect(await slapd.asked()).toEqual([]);
  });

  test("a name with the signs of a filter is searched for as it is, once, and finds nobody", async () => {
    const escaped: Record<string, string> = {
      "*": "\\2a",
      "ann)(uid=*": "ann\\29\\28uid=\\2a",
      "*)(|(uid=*": "\\2a\\29\\28|\\28uid=\\2a",
      "\\2a": "\\5c2a",
      "ann)(&": "ann\\29\\28&",
      "a*n": "a\\2an",
    };
    await slapd.asked();
    const answers = await Promise.all(Object.keys(escaped).map((name) => basic(name)));
    expect(answers).toEqual([401, 401, 401, 401, 401, 401]);
    const filters = (await slapd.asked()).map((line) => /filter="(.*)"/.exec(line)?.[1]?.toLowerCase());
    const wanted = Object.values(escaped).map((name) => `(&(objectclass=inetorgperson)(uid=${name}))`);
    expect(filters.filter(Boolean).sort()).toEqual(wanted.sort());
  });

  test("a name that cannot be one is refused before the directory hears of it", async () => {
    await slapd.asked();
    const answers = await Promise.all(
      ["ann\0", "ann\n", "", " ", "x".repeat(300)].map((name) => basic(name)),
    );
    expect(answers).toEqual([401, 401, 401, 401, 401]);
    expect(await slapd.asked()).toEqual([]);
  });

  test("a sign of filters in a real name is only a sign", async () => {
    expect(await basic("star*")).toBe(200);
  });

  test("a name that two entries have is refused, whosever password it is", async () => {
    expect(await basic("twin")).toBe(401);
    await slapd.modify(`dn: ${personDn("twin", "partners")}\nchangetype: delete\n`);
    expect(await basic("twin")).toBe(200);
  });

  test("whoever is outside of the filter or the base is nobody", async () => {
    expect(await basic("reader", "reader-secret")).toBe(401);
    await admin.configurations.update({ ldap_base_dn: `ou=partners,${base}` });
    expect(await basic("bob")).toBe(401);
    await admin.configurations.update({ ldap_base_dn: base, ldap_scope: 1 });
    expect(await basic("bob")).toBe(401);
    await admin.configurations.update({ ldap_scope: 2 });
    expect(await basic("bob")).toBe(200);
  });

  test("who moves to another tree stays the same user", async () => {
    const before = await berth.client(await berth.signIn("mover", password)).users.current({});
    await slapd.modify(
      `dn: ${personDn("mover")}\nchangetype: modrdn\nnewrdn: uid=mover\ndeleteoldrdn: 0\nnewsuperior: ou=partners,${base}\n`,
    );
    const after = await berth.client(await berth.signIn("mover", password)).users.current({});
    expect(after.user_id).toBe(before.user_id);
  });

  test("mail and name follow the directory", async () => {
    await slapd.modify(
      `dn: ${personDn("bob")}\nchangetype: modify\nreplace: cn\ncn: Robert\n-\nadd: mail\nmail: Bob@berth.test\n`,
    );
    const caller = await berth.signIn("bob", password);
    const me = await berth.client(caller).users.current({});
    expect(me).toMatchObject({ realname: "Robert", email: "bob@berth.test" });
  });

  test("two people with one address stay two, and so do two whose names look the same here", async () => {
    const carl = await berth.client(await berth.signIn("carl", password)).users.current({});
    expect(carl.email).toMatch(/^carl\.\d+@placeholder\.invalid$/);
    const comma = await berth.client(await berth.signIn("a,b", password)).users.current({});
    expect(comma.username).toBe("a_b");
    await expect(berth.signIn("a_b", password)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("the name that was asked for is the user's, of all names that an entry has", async () => {
    const caller = await berth.signIn("dora", password);
    expect((await berth.client(caller).users.current({})).username).toBe("dora");
  });

  test("nobody of the directory is, or reads like, the built-in administrator", async () => {
    const names = ["Admin", "ADMIN", " admin ", "аdmin", "admın", "ａｄｍｉｎ", "ad\u200bmin", "adm1n"];
    const answers = await Promise.all(names.map((name) => basic(name)));
    expect(new Set(answers)).toEqual(new Set([401]));
    const failed = await admin.ldap.importUsers({ ldap_uid_list: ["admin", "аdmin"] });
    expect(failed.map(({ error }) => error)).toEqual([
      expect.stringMatching(/administrator/),
      expect.stringMatching(/administrator/),
    ]);
  });

  test("the built-in administrator's password is the one of here, not the directory's", async () => {
    expect(await basic("admin", password)).toBe(401);
    expect(await basic("admin", berth.admin.password)).toBe(200);
  });

  test("there is no sign-up, no profile, no password to change and none to reset here", async () => {
    const ann = await berth.signIn("ann", password);
    const { user_id } = await berth.client(ann).users.current({});
    const draft = { username: "new", email: "new@berth.test", realname: "New", password };
    await admin.configurations.update({ self_registration: true });
    for (const work of [
      () => admin.users.create(draft),
      () => berth.client(ann).users.signUp(draft),
      () => berth.client(ann).users.update({ user_id, email: "other@berth.test", realname: "Other" }),
      () =>
        berth
          .client(ann)
          .users.setPassword({ user_id, old_password: password, new_password: "Another-12345" }),
      () => admin.users.setPassword({ user_id, new_password: "Another-12345" }),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    await expect(admin.users.reset({ token: "x".repeat(43), password })).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
  });

  test("who is removed from the directory cannot sign in, and gets no token after a minute", async () => {
    expect(await basic("bob")).toBe(200);
    await slapd.modify(`dn: ${personDn("bob")}\nchangetype: delete\n`);
    await expect(berth.signIn("bob", password)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    minuteLater();
    expect(await basic("bob", password, "/service/token?service=harbor-registry")).toBe(401);
  });

  test("who is removed here may come again as somebody new", async () => {
    const before = await berth.client(await berth.signIn("carl", password)).users.current({});
    await admin.users.remove({ user_id: before.user_id });
    const after = await berth.client(await berth.signIn("carl", password)).users.current({});
    expect(after.user_id).toBeGreaterThan(before.user_id);
  });
});
