import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Caller } from "../../registry/access/caller.ts";
import { roles } from "../../registry/contract/permission.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { base, groupDn, password, personDn } from "./entries.ts";
import { startSlapd, type Slapd } from "./slapd.ts";

describeWith(["slapd", "ldapmodify", "openssl"], "groups of a directory", () => {
  let slapd: Slapd;
  let berth: Berth;
  let admin: ReturnType<Berth["client"]>;
  let time = Date.now();
  beforeAll(async () => {
    slapd = await startSlapd();
    berth = await startBerth({ now: () => new Date(time) });
    admin = berth.client();
    await admin.configurations.update({
      ...slapd.settings,
      ldap_group_admin_dn: groupDn("captains").toUpperCase(),
    });
    await admin.projects.create({ project_name: "hidden" });
  });
  afterAll(async () => {
    await berth?.close();
    await slapd?.close();
  });
  beforeEach(() => void (time += 61_000));

  const change = (group: string, verb: "add" | "delete", member: string): Promise<void> =>
    slapd.modify(`dn: ${groupDn(group)}\nchangetype: modify\n${verb}: member\nmember: ${member}\n`);
  const me = async (caller: Caller) => berth.client(caller).users.current({});

  /** What a token for docker says the person may do in the hidden project, asked for a minute later than anything before. */
  async function rights(name: string): Promise<string> {
    time += 61_000;
    const path = "/service/token?service=harbor-registry&scope=repository:hidden/app:pull,push,delete";
    const answer = await berth.fetch(path, { as: { name, password } });
    const { token } = (await answer.json()) as { token: string };
    const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    return (JSON.parse(claims) as { access: { actions: string[] }[] }).access[0]?.actions.join(" ") ?? "";
  }

  test("are found by a part of the name, and by their DN", async () => {
    const found = await admin.ldap.searchGroups({ groupname: "dev" });
    const developers = {
      id: 0,
      group_name: "developers",
      group_type: 1,
      ldap_group_dn: groupDn("developers"),
    };
    expect(found).toEqual([developers]);
    expect(await admin.ldap.searchGroups({ groupdn: groupDn("developers") })).toEqual([developers]);
    expect(await admin.ldap.searchGroups({ groupdn: groupDn("none") })).toEqual([]);
    expect(await admin.ldap.searchGroups({ groupdn: personDn("ann") })).toEqual([]);
    const all = await admin.ldap.searchGroups({});
    expect(all.map((group) => group.group_name)).toEqual(["captains", "developers", "guests"]);
    await expect(admin.ldap.searchGroups({ groupdn: "developers" })).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
  });

  test("are made known, renamed and listed; one DN once, however it is spelt", async () => {
    const { usergroups } = berth.client();
    const { id } = await usergroups.create({ ldap_group_dn: groupDn("guests") });
    await usergroups.update({ group_id: Number(id), group_name: "visitors" });
    expect((await usergroups.list({})).items).toEqual([
      { id, group_name: "visitors", group_type: 1, ldap_group_dn: groupDn("guests") },
    ]);
    expect((await usergroups.search({ groupname: "VISIT" })).total).toBe(1);
    const again = usergroups.create({
      ldap_group_dn: groupDn("guests").replaceAll(",", " , ").toUpperCase(),
    });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT" });
    const missing = usergroups.create({ ldap_group_dn: groupDn("none") });
    await expect(missing).rejects.toMatchObject({ code: "NOT_FOUND" });
    await usergroups.remove({ group_id: Number(id) });
    expect((await usergroups.list({})).total).toBe(0);
  });

  test("are members of projects, with a role that their people have", async () => {
    expect(await rights("ann")).toBe("");
    await admin.members.create({
      project_name_or_id: "hidden",
      role_id: roles.developer,
      member_group: { ldap_group_dn: groupDn("developers") },
    });
    const { items } = await admin.members.list({ project_name_or_id: "hidden" });
    expect(items).toContainEqual(
      expect.objectContaining({ entity_type: "g", entity_name: "developers", role_name: "developer" }),
    );
    expect(await rights("ann")).toBe("pull push");
    expect(await rights("bob")).toBe("");
    const ann = await berth.signIn("ann", password);
    const projects = await berth.client(ann).projects.list({});
    expect(projects.items.map((project) => project.name)).toEqual(["hidden", "library"]);
    expect(projects.items[0]?.current_user_role_id).toBe(roles.developer);
  });

  test("take their rights with them: at the next token, and at the next sign-in", async () => {
    await change("developers", "add", personDn("bob"));
    expect(await rights("bob")).toBe("pull push");
    await change("developers", "delete", personDn("bob"));
    expect(await rights("bob")).toBe("");
    await change("developers", "add", personDn("bob"));
    const bob = await berth.signIn("bob", password);
    expect((await berth.client(bob).projects.list({})).total).toBe(2);
    await change("developers", "delete", personDn("bob"));
    const again = await berth.signIn("bob", password);
    expect((await berth.client(again).projects.list({})).total).toBe(1);
  });

  test("of a role of one's own and that of a group the stronger one counts", async () => {
    const member_user = { username: "ann" };
    await admin.members.create({ project_name_or_id: "hidden", role_id: roles.maintainer, member_user });
    expect(await rights("ann")).toBe("pull push delete");
    const ann = await berth.signIn("ann", password);
    const { current_user_role_ids } = await berth.client(ann).projects.get({ project_name_or_id: "hidden" });
    expect(current_user_role_ids).toEqual([roles.maintainer, roles.developer]);
  });

  test("a group that is forgotten here gives nothing any more", async () => {
    await change("developers", "add", personDn("carl", "partners"));
    expect(await rights("carl")).toBe("pull push");
    const { items } = await admin.usergroups.list({});
    await admin.usergroups.remove({ group_id: items[0]?.id ?? 0 });
    const carl = await berth.signIn("carl", password);
    expect((await berth.client(carl).projects.list({})).total).toBe(1);
    const { items: members } = await admin.members.list({ project_name_or_id: "hidden" });
    expect(members.filter((member) => member.entity_type === "g")).toEqual([]);
  });

  test("the administrator group makes administrators, for as long as one is in it", async () => {
    const dora = personDn("Dora Ström");
    expect(await me(await berth.signIn("dora", password))).toMatchObject({ sysadmin_flag: false });
    await change("captains", "add", dora);
    const captain = await berth.signIn("dora", password);
    expect(await me(captain)).toMatchObject({ sysadmin_flag: true, admin_role_in_auth: true });
    await berth.client(captain).configurations.get({});
    expect(await rights("dora")).toBe("pull push delete");
    await change("captains", "delete", dora);
    expect(await rights("dora")).toBe("");
    const sailor = await berth.signIn("dora", password);
    expect(await me(sailor)).toMatchObject({ sysadmin_flag: false, admin_role_in_auth: false });
    await expect(berth.client(sailor).configurations.get({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("who was made an administrator by hand stays one without the group", async () => {
    const { user_id } = await me(await berth.signIn("mover", password));
    await admin.users.setAdmin({ user_id, sysadmin_flag: true });
    await change("captains", "add", personDn("mover"));
    expect(await me(await berth.signIn("mover", password))).toMatchObject({ admin_role_in_auth: false });
    await change("captains", "delete", personDn("mover"));
    expect(await me(await berth.signIn("mover", password))).toMatchObject({ sysadmin_flag: true });
  });

  test("another administrator group ends what the one before gave, at once", async () => {
    await change("captains", "add", personDn("twin", "people"));
    await slapd.modify(`dn: ${personDn("twin", "partners")}\nchangetype: delete\n`);
    const twin = await berth.signIn("twin", password);
    expect(await me(twin)).toMatchObject({ sysadmin_flag: true });
    await admin.configurations.update({ ldap_group_admin_dn: groupDn("guests") });
    const { items } = await admin.users.list({ q: "username=twin" });
    expect(items[0]).toMatchObject({ sysadmin_flag: false, admin_role_in_auth: false });
  });

  test("are found without the directory's memberOf too, by who is named in them", async () => {
    await admin.configurations.update({ ldap_group_membership_attribute: "", ldap_group_admin_dn: "" });
    await admin.members.create({
      project_name_or_id: "hidden",
      role_id: roles.guest,
      member_group: { ldap_group_dn: groupDn("guests") },
    });
    await change("guests", "add", personDn("star*"));
    expect(await rights("star*")).toBe("pull");
    await change("guests", "delete", personDn("star*"));
    expect(await rights("star*")).toBe("");
  });

  test("people can be members before they first sign in, and nobody who is not in the directory", async () => {
    const add = (username: string) =>
      admin.members.create({
        project_name_or_id: "hidden",
        role_id: roles.guest,
        member_user: { username },
      });
    await add("A,B");
    await expect(add("nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(add("admin2")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await rights("a,b")).toBe("pull");
    const both = admin.members.create({ project_name_or_id: "hidden", role_id: roles.guest });
    await expect(both).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  test("people are searched for and imported, and what cannot be is told for each", async () => {
    const found = await admin.ldap.searchUsers({ username: "o" });
    expect(found).toContainEqual({ username: "bob", realname: "bob of people", email: "" });
    expect(found.map((user) => user.username)).not.toContain("ann");
    expect(await admin.ldap.searchUsers({ username: "*" })).toEqual([
      expect.objectContaining({ username: "star*" }),
    ]);
    await slapd.modify(
      `dn: uid=ann,ou=partners,${base}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: ann\ncn: x\nsn: x\n`,
    );
    const failed = await admin.ldap.importUsers({ ldap_uid_list: ["dora", "a_b", "none", "ann"] });
    expect(failed.map(({ uid, error }) => `${uid}: ${error}`)).toEqual([
      "a_b: the name a_b is somebody else's here: ask an administrator",
      "none: the directory knows nobody named none",
      "ann: the directory knows more than one person named ann",
    ]);
  });
});
