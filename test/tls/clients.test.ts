import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { targetOf, type Target } from "../../registry/tls/client-plans.ts";
import { createClients, type ClientSetUp } from "../../registry/tls/clients.ts";
import { subtreesOf } from "../../registry/tls/constraints.ts";
import { issueAuthority, makeKey } from "../../registry/tls/issue.ts";
import type { Machine } from "../../registry/tls/machine.ts";
import type { Clients } from "../../registry/contract/clients.ts";

/** A machine in a folder: its programs do nothing but say that they ran. */
describe("setting clients up", () => {
  let folder: string;
  let machine: Machine;
  let clients: ClientSetUp;
  let target: Target;
  const at = (path: string): string => join(folder, path);
  const authority = async () => issueAuthority(await makeKey(), subtreesOf([]), new Date());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-machine-"));
    for (const name of ["bin", "home", "data", "etc"]) await mkdir(at(name));
    await install("docker", "podman", "ctr", "nerdctl");
    machine = { platform: "linux", isRoot: false, home: at("home"), env: { PATH: at("bin") }, root: folder };
    clients = createClients({ machine, record: at("data/clients.json") });
    target = targetOf(["localhost:5143", "127.0.0.1:5143"], await authority(), at("data/ca.crt"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function install(...programs: string[]): Promise<void> {
    for (const name of programs) {
      await writeFile(at(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >> ${at("ran")}\n`, { mode: 0o755 });
    }
  }
  const states = ({ clients }: Clients) => Object.fromEntries(clients.map(({ id, state }) => [id, state]));
  const everything = async (): Promise<string[]> => {
    const all = await readdir(folder, { recursive: true });
    return all.filter((path) => !/^(bin|data)/.test(path)).sort();
  };

  test("writes what each client's own documentation names, says exactly that, and takes exactly that back", async () => {
    const before = await everything();
    expect(states(await clients.list(target))).toEqual({
      docker: "open",
      "docker-engine": "ready",
      podman: "open",
      containerd: "yours",
      nerdctl: "open",
    });
    expect(await everything()).toEqual(before);

    const done = await clients.setUp(target);
    expect(states(done)).toMatchObject({ docker: "ready", podman: "ready", nerdctl: "ready" });
    expect(done.written.map(({ path }) => path).sort()).toEqual(
      ["localhost", "127.0.0.1"]
        .flatMap((host) => [
          at(`home/.docker/tls/${host}:5143/ca.crt`),
          at(`home/.config/containers/certs.d/${host}:5143/ca.crt`),
          at(`home/.config/containerd/certs.d/${host}:5143/ca.crt`),
          at(`home/.config/containerd/certs.d/${host}:5143/hosts.toml`),
        ])
        .sort(),
    );
    for (const { path, content } of done.written) expect(await readFile(path, "utf8")).toBe(content);
    const now = await everything();
    const files = await Promise.all(
      now.map(async (path) => ((await stat(at(path))).isFile() ? at(path) : "")),
    );
    expect(files.filter((path) => path !== "").sort()).toEqual(done.written.map(({ path }) => path).sort());

    const undone = await clients.undo(target);
    expect(await everything()).toEqual(before);
    expect(undone).toMatchObject({ written: [], left: [] });
    expect(await readdir(at("data"))).toEqual([]);
  });

  test("twice changes nothing more", async () => {
    const once = await clients.setUp(target);
    expect(await clients.setUp(target)).toEqual(once);
    await clients.undo(target);
    expect((await clients.undo(target)).left).toEqual([]);
  });

  test("leaves what was there before, and what was changed since, and says so", async () => {
    const [foreign, changed] = ["localhost", "127.0.0.1"].map((host) =>
      at(`home/.docker/tls/${host}:5143/ca.crt`),
    );
    await mkdir(dirname(foreign ?? ""), { recursive: true });
    await writeFile(foreign ?? "", "somebody else's");
    const done = await clients.setUp(target);
    expect(states(done)).toMatchObject({ docker: "blocked", podman: "ready" });
    expect(done.clients[0]?.files.map(({ state }) => state)).toEqual(["foreign", "same"]);

    await writeFile(changed ?? "", "changed since");
    const undone = await clients.undo(target);
    expect(undone.left).toEqual([changed]);
    expect(await readFile(foreign ?? "", "utf8")).toBe("somebody else's");
    expect(await readFile(changed ?? "", "utf8")).toBe("changed since");
    expect((await clients.undo(target)).left).toEqual([]);
  });

  test("writes through no link that lies in its way", async () => {
    const path = at("home/.docker/tls/localhost:5143/ca.crt");
    await mkdir(dirname(path), { recursive: true });
    await symlink(at("home/precious"), path);
    const { clients: after } = await clients.setUp(target);
    expect(after[0]?.trouble).toBe(`something else is in the way at ${path}`);
    await expect(stat(at("home/precious"))).rejects.toThrow("ENOENT");
  });

  test("puts a new certificate and a new port in the place of the old ones", async () => {
    await clients.setUp(target);
    const next = targetOf(["localhost:5144"], await authority(), target.path);
    expect(states(await clients.list(next))).toMatchObject({ docker: "open" });
    const renewed = { ...target, authority: next.authority };
    const [docker] = (await clients.list(renewed)).clients;
    expect(docker?.files.map(({ state }) => state)).toEqual(["old", "old"]);
    expect(states(await clients.setUp(renewed))).toMatchObject({ docker: "ready" });

    const moved = await clients.setUp(next);
    expect(moved.written.every(({ path }) => path.includes("localhost:5144"))).toBe(true);
    await expect(stat(at("home/.docker/tls/localhost:5143"))).rejects.toThrow("ENOENT");
    await clients.undo(next);
    expect(await readdir(at("home"))).toEqual([]);
  });

  test("gives what only root may write as commands, each word quoted", async () => {
    const odd = targetOf(["berth.local:5143"], target.authority, at("data/it's here/ca.crt"));
    const { clients: found } = await clients.list(odd);
    const engine = found.find(({ id }) => id === "docker-engine");
    const [source, to] = [`'${at("data/it'\\''s here/ca.crt")}'`, at("etc/docker/certs.d/berth.local:5143")];
    expect(engine).toMatchObject({
      state: "yours",
      commands: [`sudo install -D -m 644 ${source} ${to}/ca.crt`],
      undo_commands: [`sudo rm -r ${to}`],
    });
    await clients.setUp(odd);
    expect(await readdir(at("etc"))).toEqual([]);
  });

  test("by root also does the system's, and tells the system of it, also of taking it back", async () => {
    await install("update-ca-certificates");
    await mkdir(at("usr/local/share/ca-certificates"), { recursive: true });
    const byRoot = createClients({ machine: { ...machine, isRoot: true }, record: at("data/clients.json") });
    const done = await byRoot.setUp(target);
    expect(states(done)).toMatchObject({ containerd: "ready", system: "ready" });
    const [name] = await readdir(at("usr/local/share/ca-certificates"));
    expect(name).toMatch(/^berth-[0-9a-f]{8}\.crt$/);
    expect(await readdir(at("etc/containerd/certs.d/localhost:5143"))).toEqual(["ca.crt", "hosts.toml"]);
    await byRoot.undo(target);
    expect(await readdir(at("usr/local/share/ca-certificates"))).toEqual([]);
    expect(await readFile(at("ran"), "utf8")).toBe("update-ca-certificates \nupdate-ca-certificates \n");
  });

  test("says what is in its way, keeps no word of what it did not write, and goes on with the rest", async () => {
    await writeFile(at("home/.docker"), "a file where a folder should be");
    const done = await clients.setUp(target);
    expect(done.clients[0]).toMatchObject({
      state: "open",
      trouble: `something else is in the way at ${at("home/.docker/tls/localhost:5143")}`,
    });
    expect(done.written.some(({ client }) => client === "docker")).toBe(false);
    expect(states(done)).toMatchObject({ podman: "ready" });
    await clients.undo(target);
    expect(await readdir(at("home"))).toEqual([".docker"]);
  });

  test("knows no client that is not there, and nothing to do without a certificate", async () => {
    await rm(at("bin"), { recursive: true });
    expect(new Set(Object.values(states(await clients.setUp(target))))).toEqual(new Set(["absent"]));
    expect(await clients.list(undefined)).toEqual({ addresses: [], clients: [], written: [], left: [] });
  });
});
