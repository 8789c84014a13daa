import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { hostPort } from "./addresses.ts";
import { adminId } from "./access/users.ts";
import { Fault } from "./contract/fault.ts";
import { Password } from "./contract/users.ts";
import { openLog } from "./log.ts";
import { readOptions, stop } from "./options.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { openSecretFile } from "./secrets.ts";
import { setUpClients } from "./set-up-clients.ts";
import { layoutOf } from "./store/layout.ts";
import { version } from "./version.ts";

/** Headless: reads the options, opens the registry, answers until told to stop. Exit 2 says that the wish itself was wrong. */
async function serve(): Promise<void> {
  // Read once, at the first file that is opened: four pushes that wait for the disk would hold all of Node's four threads,
  // and with them every pull.
  process.env.UV_THREADPOOL_SIZE ??= "16";
  const { task, ...options } = readOptions(process.argv.slice(2));
  if (task === "setup-clients" || task === "undo-clients") return setUpClients({ ...options, task });
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
  if (task === "set-admin-password") {
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
  console.log(`berth ready http://${hostPort(host, port)}`);
  tellOfTls(registry, options.dataDir);
  if (fresh && password === undefined) {
    const path = layoutOf(options.dataDir).initialPassword;
    console.log(
      `sign in as admin with ${readFileSync(path, "utf8").trim()} (kept in ${path} until you change it)`,
    );
  }
  console.log(`docker login ${address}`);
}

/** Where it answers over TLS, and how to tell that it is this machine that does. */
function tellOfTls(registry: Registry, dataDir: string): void {
  const { address, trouble, certificate, authority, given } = registry.tls();
  if (trouble !== undefined) console.log(`no TLS: ${trouble}`);
  if (address === undefined) return;
  const path = layoutOf(dataDir).authority;
  const by = given
    ? `your certificate, until ${certificate?.not_after}`
    : `${path}, SHA-256 ${authority?.fingerprint}`;
  console.log(`over TLS https://${address} (${by})`);
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

function refuse(error: unknown): never {
  if (error instanceof Fault) stop(error.message);
  throw error;
}

serve().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
