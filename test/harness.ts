import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anonymous, type Caller } from "../registry/access/caller.ts";
import type { RegistryConfig } from "../registry/config.ts";
import { contract, type RegistryContract } from "../registry/contract/index.ts";
import type { Client } from "../registry/contract/operation.ts";
import { createRegistry, type Registry } from "../registry/registry.ts";
import { openSecretFile } from "../registry/secrets.ts";

/** A registry in a temporary folder, on a free port, with the administrator's password known. Every answer is checked. */
export interface Berth {
  registry: Registry;
  /** `http://127.0.0.1:port`. */
  url: string;
  /** `localhost:port`, as docker names it. */
  address: string;
  /** The same over TLS; it is there for `tls` in the options. */
  tls: {
    /** `localhost:port`. */
    readonly address: string;
    readonly port: number;
    /** What clients trust, PEM. */
    authority(): Promise<string>;
  };
  dataDir: string;
  admin: { name: string; password: string };
  /** The contract's operations, called as the window does: as the administrator, unless another caller is given. */
  client(caller?: Caller): Client<RegistryContract>;
  /** A caller signed in by name and password. */
  signIn(principal: string, password: string): Promise<Caller>;
  /** A request as the administrator, by Basic auth; `as: null` sends no credentials. */
  fetch(
    path: string,
    init?: RequestInit & { as?: { name: string; password: string } | null },
  ): Promise<Response>;
  /** Stops, and starts again on the same folder and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const password = "Harbor-12345";

export async function startBerth(options: Partial<RegistryConfig> = {}): Promise<Berth> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "berth-test-")));
  const admin = { name: "admin", password };
  let port = options.listen?.port ?? 0;
  let tlsPort = options.tls?.listen.port ?? 0;

  async function open(): Promise<Registry> {
    const registry = await createRegistry({
      secrets: await openSecretFile(join(dataDir, "secrets.json")),
      adminPassword: { is: password },
      version: "0.0.0-test",
      checkAnswers: true,
      ...options,
      dataDir,
      listen: { host: options.listen?.host ?? "127.0.0.1", port },
      ...(options.tls ? { tls: { ...options.tls, listen: { ...options.tls.listen, port: tlsPort } } } : {}),
    });
    port = (await registry.start()).port;
    tlsPort = Number(/\d+$/.exec(registry.tls().address ?? "")?.[0] ?? tlsPort);
    return registry;
  }

  const berth: Berth = {
    registry: await open(),
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get address() {
      return `localhost:${port}`;
    },
    tls: {
      get address() {
        return `localhost:${tlsPort}`;
      },
      get port() {
        return tlsPort;
      },
      authority: async () => (await fetch(`${berth.url}/api/v2.0/systeminfo/getcert`)).text(),
    },
    dataDir,
    admin,

    client(caller) {
      let known = caller;
      const ask = async (name: string, input: unknown): Promise<unknown> => {
        known ??= await berth.signIn(admin.name, admin.password);
        // What the window sends has been cloned, so what cannot be cloned must fail here too.
        return structuredClone(await berth.registry.call(name, structuredClone(input), known));
      };
      const resources = Object.entries(contract).map(([resource, operations]) => [
        resource,
        Object.fromEntries(
          Object.keys(operations).map((verb) => [
            verb,
            (input: unknown) => ask(`${resource}.${verb}`, input),
          ]),
        ),
      ]);
      return Object.fromEntries(resources) as Client<RegistryContract>;
    },

    async signIn(principal, secret) {
      let token: string | undefined;
      const about = {
        from: "window",
        agent: "test",
        keep: (kept: string | undefined) => Promise.resolve(void (token = kept)),
      };
      await berth.registry.call(
        "session.open",
        { principal, password: secret },
        { ...anonymous("window"), ...about },
      );
      return berth.registry.caller(token, about);
    },

    fetch(path, { as = admin, ...init } = {}) {
      const headers = new Headers(init.headers);
      if (as)
        headers.set("authorization", `Basic ${Buffer.from(`${as.name}:${as.password}`).toString("base64")}`);
      return fetch(berth.url + path, { ...init, headers });
    },

    async restart() {
      await berth.registry.stop();
      berth.registry = await open();
    },

    async close() {
      await berth.registry.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
  return berth;
}
