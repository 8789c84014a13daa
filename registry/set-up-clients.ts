import { readFile } from "node:fs/promises";
import type { Client, Clients } from "./contract/clients.ts";
import { type Options, stop } from "./options.ts";
import { layoutOf } from "./store/layout.ts";
import { targetOf } from "./tls/client-plans.ts";
import { createClients } from "./tls/clients.ts";
import { thisMachine } from "./tls/machine.ts";
import { addressesOf } from "./tls/names.ts";

const names: Record<Client["id"], string> = {
  docker: "docker",
  "docker-engine": "the docker engine",
  podman: "podman, buildah and skopeo",
  containerd: "containerd",
  nerdctl: "nerdctl",
  system: "the system",
};

/** `serve --setup-clients` and `--undo-clients`: what the window's page does, told on the terminal. */
export async function setUpClients({ dataDir, tls, hosts, task }: Options): Promise<void> {
  const { authority: path, clients: record } = layoutOf(dataDir);
  const clients = createClients({ machine: thisMachine(), record });
  const authority = await readFile(path, "utf8").catch(() => undefined);
  const addresses =
    tls === undefined ? [] : addressesOf({ listen: tls.listen, hosts, endpoint: "" }, tls.listen.port);
  const target = authority === undefined ? undefined : targetOf(addresses, authority, path);
  if (task === "undo-clients") return tellUndone(await clients.list(target), await clients.undo(target));
  if (tls?.pair !== undefined)
    stop("clients need nothing from Berth for your own certificate: they are to trust who issued it");
  if (tls === undefined) stop("there is no TLS to set clients up for");
  if (target === undefined) stop(`there is no certificate in ${path} yet: start Berth once`);
  tellSetUp(await clients.setUp(target));
}

function tellSetUp({ fingerprint, clients, written, left }: Clients): void {
  console.log(`clients trust the certificate with SHA-256 ${fingerprint}`);
  for (const client of clients) {
    if (client.state === "absent") continue;
    console.log(`\n${names[client.id]}: ${statesInWords[client.state]}`);
    if (client.trouble !== undefined) console.log(`  ${client.trouble}`);
    for (const { path, state } of client.files) {
      if (state === "foreign") console.log(`  left as it is: ${path}`);
    }
    for (const file of written) {
      if (file.client === client.id) console.log(`  wrote ${file.path}\n${indented(file.content)}`);
    }
    for (const command of client.state === "yours" ? client.commands : []) console.log(`  $ ${command}`);
  }
  tellLeft(left);
}

const statesInWords: Record<Client["state"], string> = {
  absent: "not here",
  ready: "trusts Berth",
  open: "not set up",
  yours: "run this yourself",
  blocked: "a file of somebody else is in the way",
};

function tellUndone(before: Clients, after: Clients): void {
  for (const { path } of before.written) {
    if (!after.left.includes(path)) console.log(`removed ${path}`);
  }
  if (before.written.length === 0) console.log("Berth has written nothing on this machine");
  tellLeft(after.left);
  const yours = after.clients.filter(({ state, commands }) => state === "ready" && commands.length > 0);
  for (const { id, undo_commands } of yours) {
    console.log(`\n${names[id]}: run this yourself`);
    for (const command of undo_commands) console.log(`  $ ${command}`);
  }
}

function tellLeft(left: readonly string[]): void {
  for (const path of left) console.log(`left as it is, because it was changed since: ${path}`);
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, "    ");
}
