import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { addMember, password } from "../people.ts";
import { openNotary, openNotaryFor, type Notary } from "./notary.ts";
import { requestsOf } from "./requests.ts";

describeWith(["notary"], "notary with and without rights, and by other ways", () => {
  let berth: Berth;
  let admin: Notary;
  let gun: string;
  const open: { close(): unknown }[] = [];

  beforeAll(async () => {
    berth = await startBerth({ tls: { listen: { host: "0.0.0.0", port: 0 } } });
    await berth.client().projects.create({ project_name: "team" });
    for (const role of ["developer", "guest"] as const) await addMember(berth, "team", role);
    admin = await openNotary(berth);
    open.push(admin);
    gun = `${berth.tls.address}/team/app`;
    await admin.file("f1", "hello\n");
    await admin.does("init", gun);
    await admin.does("add", gun, "v1", "f1", "--publish");
  });
  afterAll(async () => {
    for (const one of open) await one.close();
    await berth?.close();
  });

  const as = (name: string): Promise<Notary> => admin.fresh({ name: `${name}-of-team`, password });

  test("a guest lists, and nobody without a name does", async () => {
    expect(await (await as("guest")).does("list", gun)).toContain("v1");
    expect(await (await admin.fresh(null)).fails("list", gun)).toMatch(/not authorized|unauthorized/);
    const wrong = await admin.fresh({ name: "admin", password: "Wrong-12345" });
    expect(await wrong.fails("list", gun)).toContain("fatal: unauthorized");
  });

  test("a guest publishes nothing, a developer does", async () => {
    const [guest, developer] = [await as("guest"), await as("developer")];
    expect(await guest.fails("init", `${gun}-guest`, "--publish")).toContain("not authorized");
    await developer.does("init", `${gun}-developer`, "--publish");
  });

  test("a developer neither rotates keys nor deletes, an administrator does with one token for all of it", async () => {
    const developer = await as("developer");
    await admin.does("key", "export", "-o", join(developer.folder, "keys.pem"));
    await developer.does("key", "import", join(developer.folder, "keys.pem"));
    const rotated = ["key", "rotate", gun, "snapshot", "-r"];
    expect(await developer.fails(...rotated)).toContain("server returned 401");
    expect(await developer.fails("delete", gun, "--remote")).toContain("server returned 401");

    const requests = await requestsOf(() => admin.does(...rotated));
    expect(requests.filter((line) => line.endsWith(" 401"))).toEqual(["GET /v2/ 401"]);
  });

  test("under the name of this machine, for who trusts its authority and for nobody else", async () => {
    const address = `${hostname()}:${berth.tls.port}`;
    const server = { url: `https://${address}`, authority: await berth.tls.authority() };
    const named = await openNotaryFor(server, berth.admin);
    open.push(named);
    await named.does("init", `${address}/library/named`, "--publish");
    expect(await named.does("list", `${address}/library/named`)).toContain("No targets present");

    const stranger = await openNotaryFor({ ...server, authority: "" }, berth.admin);
    open.push(stranger);
    expect(await stranger.fails("list", `${address}/library/named`)).toContain("certificate");
  });

  test("behind a server that puts a path before it", async () => {
    const proxy = await openProxy("/trust", new URL(berth.url));
    open.push(proxy);
    const { port } = proxy.address() as AddressInfo;
    const behind = await openNotaryFor({ url: `http://127.0.0.1:${port}/trust`, authority: "" }, berth.admin);
    open.push(behind);
    await behind.does("init", `${gun}-behind`, "--publish");
    expect(await behind.does("list", `${gun}-behind`)).toContain("No targets present");
  });
});

/** Passes on what is below a path, as that server would be asked itself. */
async function openProxy(prefix: string, to: URL): Promise<Server> {
  const server = createServer((asked, answer) => {
    const { method, url = "", headers } = asked;
    const path = url.slice(prefix.length);
    const passed = request(
      { host: to.hostname, port: to.port, method, path, headers: { ...headers, host: to.host } },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
