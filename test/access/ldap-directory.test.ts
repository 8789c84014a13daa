import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { base, password } from "./entries.ts";
import {
  extendedResponse,
  openBindResponse,
  startMeddler,
  startSilentDirectory,
  type SilentDirectory,
} from "./silent-directory.ts";
import { startSlapd, type Slapd } from "./slapd.ts";

const signIn = (berth: Berth, path = "/v2/") => berth.fetch(path, { as: { name: "ann", password } });

async function said(answer: Response): Promise<{ status: number; message: string }> {
  const { errors } = (await answer.json()) as { errors: { message: string }[] };
  return { status: answer.status, message: errors[0]?.message ?? "" };
}

describeWith(["slapd", "ldapmodify", "openssl"], "the connection to a directory", () => {
  let slapd: Slapd;
  let berth: Berth;
  let admin: ReturnType<Berth["client"]>;
  beforeAll(async () => {
    slapd = await startSlapd();
    berth = await startBerth();
    admin = berth.client();
  });
  afterAll(async () => {
    await berth?.close();
    await slapd?.close();
  });

  const ping = (change: Parameters<ReturnType<Berth["client"]>["ldap"]["ping"]>[0] = {}) =>
    admin.ldap.ping({ ...slapd.settings, ...change });

  test("is tried before it is kept, and what is wrong is told in words", async () => {
    expect(await ping()).toEqual({
      success: true,
      message: expect.stringMatching(/people are found/) as string,
    });
    const wrong: [Parameters<typeof ping>[0], RegExp][] = [
      [{ ldap_url: "ldap://nobody.invalid" }, /cannot be reached: its name/],
      [{ ldap_url: "ldap://127.0.0.1:1" }, /nothing answers at its port/],
      [{ ldap_search_password: "wrong" }, /refuses the search account/],
      [{ ldap_search_dn: `cn=none,${base}` }, /refuses the search account/],
      [{ ldap_base_dn: "dc=other,dc=test" }, /no entry at the base DN/],
      [{ ldap_filter: "(objectClass=device)" }, /nobody is found/],
      [{ ldap_search_dn: "", ldap_search_password: "" }, /nobody is found/],
      [{ ldap_url: `ldaps://127.0.0.1:${slapd.port}` }, /cannot be reached/],
    ];
    for (const [change, reason] of wrong) {
      expect(await ping(change)).toEqual({
        success: false,
        message: expect.stringMatching(reason) as string,
      });
    }
  });

  test.each([
    [{ ldap_filter: "(uid=*" }, /ldap_filter/],
    [{ ldap_filter: "(&(uid=*)" }, /ldap_filter/],
    [{ ldap_filter: "(uid=*)(cn=*)" }, /ldap_filter/],
    [{ ldap_filter: "uid" }, /ldap_filter/],
    [{ ldap_group_search_filter: "(member=\\zz)" }, /ldap_group_search_filter/],
    [{ ldap_base_dn: "berth" }, /ldap_base_dn/],
    [{ ldap_group_admin_dn: "captains" }, /ldap_group_admin_dn/],
    [{ ldap_uid: "uid)(cn=*" }, /ldap_uid/],
    [{ ldap_url: "http://127.0.0.1" }, /ldap_url/],
    [{ ldap_url: "ldap://user:secret@127.0.0.1" }, /ldap_url/],
    [{ ldap_url: "ldaps://127.0.0.1", ldap_starttls: true }, /StartTLS/],
    [{ ldap_ca: "no certificate" }, /ldap_ca/],
  ])("settings like %j are refused when they are kept, and when they are tried", async (change, reason) => {
    await expect(admin.configurations.update(change)).rejects.toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringMatching(reason) as string,
    });
    if (!("ldap_group_admin_dn" in change || "ldap_group_search_filter" in change))
      await expect(ping(change)).rejects.toThrow(reason);
  });

  describe("with TLS", () => {
    const secure = () => ({
      ldap_url: slapd.secureUrl,
      ldap_search_password: slapd.settings.ldap_search_password,
    });
    const upgraded = () => ({ ldap_url: slapd.url.replace("127.0.0.1", "localhost"), ldap_starttls: true });

    test("refuses a certificate that nobody known has signed, before any password is sent", async () => {
      for (const change of [secure(), upgraded()]) {
        await slapd.asked();
        const { success, message } = await ping(change);
        expect(success).toBe(false);
        expect(message).toMatch(/its certificate is not trusted: its authority is not known here/);
        expect(await slapd.asked()).toEqual([]);
      }
    });

    test("takes one that the given authority has signed, for the right name only", async () => {
      const ldap_ca = slapd.authority.pem;
      for (const change of [secure(), upgraded()]) {
        expect(await ping({ ...change, ldap_ca })).toMatchObject({ success: true });
        const elsewhere = { ...change, ldap_url: change.ldap_url.replace("localhost", "127.0.0.1") };
        const refused = await ping({ ...elsewhere, ldap_ca });
        expect(refused).toEqual({ success: false, message: expect.stringMatching(/another name/) as string });
      }
    });

    test("takes any when told not to check, and still encrypts", async () => {
      for (const change of [secure(), upgraded()]) {
        await slapd.asked();
        expect(await ping({ ...change, ldap_verify_cert: false })).toMatchObject({ success: true });
        const binds = (await slapd.asked()).filter((line) => line.includes("mech="));
        expect(binds).toEqual([expect.stringMatching(/ ssf=(128|256)$/)]);
      }
    });

    test("takes no answer that was slipped in before it began", async () => {
      await admin.configurations.update({ ...slapd.settings, ldap_timeout: 1 });
      // The requests after StartTLS: the search account's bind, the search, the person's bind. A good bind's answer has 14 bytes.
      for (const id of [3, 4, 5]) {
        const meddler = await startMeddler(slapd.port, openBindResponse(id, 14));
        await admin.configurations.update({
          ldap_url: meddler.url.replace("127.0.0.1", "localhost"),
          ldap_search_password: slapd.settings.ldap_search_password,
          ldap_starttls: true,
          ldap_ca: slapd.authority.pem,
        });
        const as = { name: "ann", password: "Wrong-12345" };
        expect([401, 503]).toContain((await berth.fetch("/v2/", { as })).status);
        await meddler.close();
      }
      await admin.configurations.update({ ...slapd.settings, ldap_starttls: false, ldap_ca: "" });
    });

    test("signs people in through it", async () => {
      const tls = await startBerth();
      await tls
        .client()
        .configurations.update({ ...slapd.settings, ...upgraded(), ldap_ca: slapd.authority.pem });
      await slapd.asked();
      expect((await signIn(tls)).status).toBe(200);
      const binds = (await slapd.asked()).filter((line) => line.includes("mech="));
      expect(binds).toEqual([
        expect.stringMatching(/ssf=(128|256)$/),
        expect.stringMatching(/ssf=(128|256)$/),
      ]);
      await tls.close();
    });
  });

  test("a kept password is not sent to another server: it has to be given again", async () => {
    const other = await startSilentDirectory();
    await admin.configurations.update(slapd.settings);
    for (const ldap_search_password of [undefined, ""]) {
      const change = {
        ldap_url: other.url,
        ...(ldap_search_password === undefined ? {} : { ldap_search_password }),
      };
      await expect(admin.ldap.ping(change)).rejects.toMatchObject({ code: "BAD_REQUEST" });
      await expect(admin.configurations.update(change)).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
    }
    expect(other.received()).toBe("");
    await other.close();
    expect(await admin.ldap.ping({})).toMatchObject({ success: true });
  });

  test("a directory that is down is told as that, and the administrator of here still signs in", async () => {
    await admin.configurations.update(slapd.settings);
    expect((await signIn(berth)).status).toBe(200);
    await slapd.stop();
    for (const path of ["/v2/", "/service/token?service=harbor-registry", "/api/v2.0/users/current"]) {
      const answer = await berth.fetch(path, { as: { name: "bob", password } });
      expect(await said(answer)).toEqual({
        status: 503,
        message: "the directory cannot be reached: nothing answers at its port",
      });
    }
    await expect(berth.signIn("ann", password)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await berth.signIn("admin", berth.admin.password);
    await slapd.start();
    await berth.signIn("ann", password);
  });
});

describe("a directory that does not behave", () => {
  let berth: Berth;
  let admin: ReturnType<Berth["client"]>;
  let server: SilentDirectory | undefined;
  beforeAll(async () => {
    berth = await startBerth();
    admin = berth.client();
    await admin.configurations.update({
      auth_mode: "ldap_auth",
      ldap_url: "ldap://127.0.0.1:1",
      ldap_base_dn: base,
      ldap_search_dn: `cn=reader,${base}`,
      ldap_search_password: "reader-secret",
      ldap_timeout: 1,
    });
  });
  afterEach(() => server?.close());
  afterAll(() => berth.close());

  async function against(
    answer?: Parameters<typeof startSilentDirectory>[0],
    ldap_starttls = false,
  ): Promise<void> {
    server = await startSilentDirectory(answer);
    await admin.configurations.update({
      ldap_url: server.url,
      ldap_search_password: "reader-secret",
      ldap_starttls,
    });
  }

  test("by being silent is given up after the limit, while the administrator of here signs in", async () => {
    await against();
    const started = Date.now();
    const waiting = signIn(berth);
    await berth.signIn("admin", berth.admin.password);
    const answer = await said(await waiting);
    expect(answer).toEqual({
      status: 503,
      message: "the directory cannot be reached: it gave no answer within 1 second",
    });
    expect(Date.now() - started).toBeLessThan(2_500);
    // Those who come in a row do not each wait that long.
    const again = Date.now();
    await Promise.all([1, 2, 3].map(async () => said(await signIn(berth))));
    expect(Date.now() - again).toBeLessThan(1_000);
  });

  test("by ending the connection, or by talking nonsense, signs nobody in", async () => {
    await against((socket) => socket.destroy());
    expect(await said(await signIn(berth))).toMatchObject({ status: 503, message: /ended the connection/ });
    await server?.close();
    await against((socket) => socket.write("220 mail.example.com ESMTP\r\n"));
    expect((await signIn(berth)).status).toBe(503);
  });

  test.each([
    ["refuses StartTLS", extendedResponse(2), /does not offer StartTLS/],
    ["is no good at StartTLS now", extendedResponse(52), /out of service/],
    ["agrees to StartTLS and goes on in the clear", extendedResponse(0), /no answer within|TLS|ended/],
  ])("and %s hears no password", async (_, response, reason) => {
    await against((socket) => socket.write(response), true);
    const { status, message } = await said(await signIn(berth));
    expect(status).toBe(503);
    expect(message).toMatch(reason);
    const received = server?.received() ?? "";
    expect(received).not.toContain("reader-secret");
    expect(received).not.toContain(password);
  });
});
