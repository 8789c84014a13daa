import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { adminId } from "./access/users.ts";
import { Fault } from "./contract/fault.ts";
import { Password } from "./contract/users.ts";
import { openLog } from "./log.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { openSecretFile } from "./secrets.ts";
import { layoutOf } from "./store/layout.ts";
import { version } from "./version.ts";

const help = `Berth: a container registry. Runs without a window and serves its pages to browsers.

  npm run serve -- [options]

  --data-dir DIR       where everything is kept        (default ${join("~", ".berth")})
  --listen HOST:PORT   where to answer                 (default 127.0.0.1:5100)
  --host NAME          a further name of this machine that clients use; may be given again
  --set-admin-password reads a new password for admin from the input, sets it and ends; the registry must be stopped
  --version            prints the version
  --help               prints this

  BERTH_ADMIN_PASSWORD   the administrator's first password on an empty folder; without it one is made
  BERTH_PASSPHRASE       seals the secrets; without it their key lies beside them, readable by you alone
`;

/** Headless: reads the options, opens the registry, answers until told to stop. Exit 2 says that the wish itself was wrong. */
async function serve(): Promise<void> {
  // Read once, at the first file that is opened: four pushes that wait for the disk would hold all of Node's four threads,
  // and with them every pull.
  process.env.UV_THREADPOOL_SIZE ??= "16";
  const { recover, ...options } = readOptions(process.argv.slice(2));
  const { log, close } = openLog(layoutOf(options.dataDir).log);
  const { BERTH_ADMIN_PASSWORD: password, BERTH_PASSPHRASE: passphrase } = process.env;
  // A child process, or a report of a crash, has no need of them.
  delete process.env.BERTH_ADMIN_PASSWORD;
  delete process.env.BERTH_PASSPHRASE;
  const wrong = password === undefined ? undefined : Password.safeParse(password).error?.issues[0]?.message;
  if (wrong) stop(`BERTH_ADMIN_PASSWORD is not good: ${wrong}`);

  const fresh = !existsSync(layoutOf(options.dataDir).documents);
  const pages = join(__dirname, "../renderer");
  const registry = await createRegistry({
    ...options,
    secrets: await openSecretFile(
      layoutOf(options.dataDir).secrets,
      passphrase === undefined ? {} : { passphrase },
    ).catch(refuse),
    adminPassword: password === undefined ? "generate" : { is: password },
    ...(existsSync(pages) ? { pages } : {}),
    version,
    log,
  }).catch(refuse);
  if (recover) {
    await setAdminPassword(registry).finally(() => registry.stop());
    return close();
  }
  const { host, port, address } = await registry.start().catch(refuse);

  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void registry.stop().then(() => {
        close();
        process.exit(0);
      });
    });
  }
  console.log(`berth ready http://${host.includes(":") ? `[${host}]` : host}:${port}`);
  if (fresh && password === undefined) {
    const path = layoutOf(options.dataDir).initialPassword;
    console.log(
      `sign in as admin with ${readFileSync(path, "utf8").trim()} (kept in ${path} until you change it)`,
    );
  }
  console.log(`docker login ${address}`);
}

/** Whoever may read the data folder owns what is in it: that is proof enough to be its administrator again. */
async function setAdminPassword(registry: Registry): Promise<void> {
  if (process.stdin.isTTY) process.stderr.write("new password for admin: ");
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    const wrong = Password.safeParse(line).error?.issues[0]?.message;
    if (wrong) stop(wrong);
    await registry.setPassword(adminId, line);
    console.log("the password of admin is set; every session of admin has ended");
    return;
  }
  stop("no password was given");
}

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        "data-dir": { type: "string", default: join(homedir(), ".berth") },
        listen: { type: "string", default: "127.0.0.1:5100" },
        host: { type: "string", multiple: true, default: [] },
        "set-admin-password": { type: "boolean", default: false },
        version: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help || values.version) {
      console.log(values.help ? help : version);
      process.exit(0);
    }
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(values.listen) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined || Number(port) > 65_535) stop(`--listen takes HOST:PORT, not ${values.listen}`);
    return {
      dataDir: resolve(values["data-dir"]),
      listen: { host, port: Number(port) },
      hosts: values.host,
      recover: values["set-admin-password"],
    };
  } catch (error) {
    return stop((error as Error).message);
  }
}

function refuse(error: unknown): never {
  if (error instanceof Fault) stop(error.message);
  throw error;
}

function stop(reason: string): never {
  console.error(`berth: ${reason}`);
  process.exit(2);
}

serve().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
