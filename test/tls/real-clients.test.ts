import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ownAddresses } from "../../registry/addresses.ts";
import { targetOf, type Target } from "../../registry/tls/client-plans.ts";
import { createClients, type ClientSetUp } from "../../registry/tls/clients.ts";
import { openDockerEngine, type DockerEngine } from "../clients/docker-engine.ts";
import { openHome, type Home } from "../clients/home.ts";
import { writeLayout } from "../clients/layout.ts";
import { packed } from "../clients/tar.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith, locate, run } from "../parts.ts";

const tls = { listen: { host: "127.0.0.1", port: 0 } };

async function targetOfBerth(berth: Berth, addresses = berth.registry.tls().addresses): Promise<Target> {
  return targetOf(addresses, await berth.tls.authority(), join(berth.dataDir, "tls/ca.crt"));
}

describeWith(["podman", "buildah", "skopeo"], "podman, buildah and skopeo over TLS", () => {
  let berth: Berth;
  let home: Home;
  let clients: ClientSetUp;
  let target: Target;

  beforeAll(async () => {
    home = await openHome();
    berth = await startBerth({ tls });
    const env = { PATH: process.env["PATH"], XDG_CONFIG_HOME: join(home.folder, "config") };
    const machine = { platform: "linux", isRoot: false, home: home.folder, env, root: "/" } as const;
    clients = createClients({ machine, record: join(berth.dataDir, "tls/clients.json") });
    target = await targetOfBerth(berth);
    await home.signIn(berth.tls.address, berth.admin);
  });
  afterEach(() => clients.undo(target));
  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  test("podman pushes and pulls when it is set up, and no more when that is undone", async () => {
    const image = `${berth.tls.address}/library/app:1`;
    const content = join(home.folder, "content");
    await mkdir(content, { recursive: true });
    await writeFile(join(content, "file"), randomBytes(100_000));
    await home.does("podman", "import", "--quiet", await packed(content), "app");

    expect(await home.fails("podman", "push", "app", image)).toContain(
      "certificate signed by unknown authority",
    );
    await clients.setUp(target);
    await home.does("podman", "push", "app", image);
    await home.does("podman", "rmi", "--all", "--force");
    await home.does("podman", "pull", image);
    await home.does("podman", "login", "-u", "admin", "-p", berth.admin.password, berth.tls.address);
    await clients.undo(target);
    expect(await home.fails("podman", "pull", image)).toContain("certificate signed by unknown authority");
  });

  test("skopeo and buildah are set up by the same files", async () => {
    const { folder } = await writeLayout(join(home.folder, "layout"), "1", ["amd64"]);
    const image = `127.0.0.1:${berth.tls.port}/library/copied:1`;
    await home.signIn(`127.0.0.1:${berth.tls.port}`, berth.admin);
    const copy = ["copy", "--all", `oci:${folder}:1`, `docker://${image}`];
    expect(await home.fails("skopeo", ...copy)).toContain("certificate signed by unknown authority");
    await clients.setUp(target);
    await home.does("skopeo", ...copy);
    expect(await home.does("skopeo", "inspect", "--raw", `docker://${image}`)).toContain("layers");
    await home.does("buildah", "pull", "--quiet", image);
  });
});

describeWith(["docker", "dockerd"], "docker over TLS", () => {
  let berth: Berth;
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await openDockerEngine();
    berth = await startBerth({ tls: { listen: { host: "0.0.0.0", port: 0 } } });
  });
  afterAll(async () => {
    await engine?.close();
    await berth?.close();
  });

  test("signs in, pushes and pulls by this machine's own names without being set up", async () => {
    for (const host of ["localhost", "127.0.0.1"]) {
      const address = `${host}:${berth.tls.port}`;
      const login = ["login", "-u", "admin", "--password-stdin", address];
      const said = await engine.dockerWith({ input: berth.admin.password }, ...login);
      expect(said.stdout, said.stderr).toContain("Login Succeeded");
      const image = `${address}/library/tiny:1`;
      await engine.importImage(image, { file: randomBytes(1000) });
      expect(await engine.docker("push", image)).toMatchObject({ code: 0 });
      await engine.docker("rmi", image);
      expect(await engine.docker("pull", image)).toMatchObject({ code: 0 });
    }
  });

  test("by an address of the network needs the file that the commands for root write", async () => {
    const [network] = ownAddresses().filter((address) => isIP(address) === 4);
    const address = `${network}:${berth.tls.port}`;
    const folder = `/etc/docker/certs.d/${address}`;
    const target = await targetOfBerth(berth, [address]);
    const env = { PATH: process.env["PATH"] };
    const machine = { platform: "linux", isRoot: false, home: engine.config, env, root: "/" } as const;
    const clients = createClients({ machine, record: join(berth.dataDir, "tls/clients.json") });
    const found = (await clients.list(target)).clients.find(({ id }) => id === "docker-engine");
    expect(found?.commands).toEqual([`sudo install -D -m 644 ${target.path} ${folder}/ca.crt`]);

    const login = ["login", "-u", "admin", "--password-stdin", address];
    const tryLogin = () => engine.dockerWith({ input: berth.admin.password }, ...login);
    expect((await tryLogin()).stderr).toContain("certificate signed by unknown authority");
    try {
      await run("sh", ["-c", found?.commands[0]?.replace("sudo ", "") ?? ""]);
      expect((await tryLogin()).stdout).toContain("Login Succeeded");
      expect((await clients.list(target)).clients).toContainEqual(
        expect.objectContaining({ state: "ready", id: "docker-engine" }),
      );
    } finally {
      await run("sh", ["-c", found?.undo_commands[0]?.replace("sudo ", "") ?? ""]);
    }
    expect((await tryLogin()).stderr).toContain("certificate signed by unknown authority");
  });

  test("containerd is told by the files that Berth writes for it", async () => {
    const folder = join(berth.dataDir, "machine");
    const record = join(berth.dataDir, "tls/containerd.json");
    const machine = {
      platform: "linux",
      isRoot: true,
      home: folder,
      env: { PATH: process.env["PATH"] },
      root: folder,
    } as const;
    const clients = createClients({ machine, record });
    const target = await targetOfBerth(berth, [berth.tls.address]);
    await berth.client().projects.create({ project_name: "open", public: true });
    const image = `${berth.tls.address}/open/tiny:1`;
    await engine.importImage(image, { file: randomBytes(1000) });
    await engine.docker("push", image);

    const socket = `${engine.host.replace("unix://", "").replace(/d\.sock$/, "")}exec/containerd/containerd.sock`;
    const hosts = join(folder, "etc/containerd/certs.d");
    const pull = () => run("ctr", ["-a", socket, "content", "fetch", "--hosts-dir", hosts, image]);
    // Of localhost it takes for granted that there is no TLS.
    expect((await pull()).stderr).toContain("http://localhost");
    await clients.setUp(target);
    const pulled = await pull();
    expect(pulled.code, pulled.stderr).toBe(0);
    await clients.undo(target);
    expect((await pull()).code).not.toBe(0);
  });
});

describeWith(["skopeo"], "a machine without a window", () => {
  const serve = join(import.meta.dirname, "../../out/main/serve.cjs");

  test("is set up by a word on the command line, and set back by another", async () => {
    const berth = await startBerth({ tls });
    const home = join(berth.dataDir, "home");
    await mkdir(home);
    // What root sets up is the whole system's: this is a person of no rights.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await run("chown", ["-R", "65534:65534", berth.dataDir]);
    const words = isRoot ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : ["env"];
    const ask = (...options: string[]) => {
      const [program = "", ...before] = [...words, process.execPath, serve, "--data-dir", berth.dataDir];
      const listen = ["--tls-listen", `127.0.0.1:${berth.tls.port}`];
      return run(program, [...before, ...listen, ...options], {
        env: { PATH: process.env["PATH"], HOME: home },
      });
    };

    const done = await ask("--setup-clients");
    expect(done.code, done.stderr).toBe(0);
    const path = join(home, `.config/containers/certs.d/${berth.tls.address}/ca.crt`);
    const pem = await readFile(path, "utf8");
    expect(done.stdout).toContain(`  wrote ${path}\n${pem.trimEnd().replace(/^/gm, "    ")}\n`);
    const digest = createHash("sha256").update(Buffer.from(pem.replace(/-----.*-----/g, ""), "base64"));
    const fingerprint = digest.digest("hex").toUpperCase().match(/../g)?.join(":");
    expect(done.stdout).toContain(`SHA-256 ${fingerprint}\n`);
    const inspect = [
      "inspect",
      "--creds",
      `admin:${berth.admin.password}`,
      `docker://${berth.tls.address}/library/x`,
    ];
    const seen = await run(locate("skopeo"), inspect, { env: { PATH: process.env["PATH"], HOME: home } });
    expect(seen.stderr).not.toContain("certificate");

    const undone = await ask("--undo-clients");
    expect(undone.stdout).toContain(`removed ${path}\n`);
    await expect(readFile(path)).rejects.toThrow("ENOENT");
    const fresh = await ask("--setup-clients", "--data-dir", join(home, "fresh"));
    expect([fresh.code, fresh.stderr]).toEqual([
      2,
      `berth: there is no certificate in ${join(home, "fresh/tls/ca.crt")} yet: start Berth once\n`,
    ]);
    await berth.close();
    await rm(berth.dataDir, { recursive: true, force: true });
  });
});
