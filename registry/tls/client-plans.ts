import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isLoopback } from "../addresses.ts";
import type { ClientId } from "../contract/clients.ts";
import { idOf } from "./issue.ts";
import { configFolder, dockerFolder, hasAny, hasRootlessDocker, type Machine } from "./machine.ts";
import { quoted, rootCommands, type WantedFile } from "./root-commands.ts";

/** What clients are to trust, and where they find it. */
export interface Target {
  /** Every `host:port` by which they name Berth. */
  addresses: readonly string[];
  /** PEM. */
  authority: string;
  /** The file it lies in. */
  path: string;
  /** Tells this authority from others: hex digits. */
  id: string;
}

/** What clients are set up for: by an authority's certificate, PEM, and the file it lies in. */
export function targetOf(addresses: readonly string[], authority: string, path: string): Target {
  return { addresses, authority, path, id: idOf(new X509Certificate(authority).publicKey) };
}

/** How one client is made to trust Berth. */
export interface Plan {
  id: ClientId;
  found: boolean;
  files: WantedFile[];
  /** Berth may write the files; else the commands are for the person. */
  own: boolean;
  /** Has to be run when the files have changed. */
  after?: string;
  commands: string[];
  undo_commands: string[];
}

/**
 * How each client of this machine is made to trust Berth: by the file that its own documentation names, for Berth's
 * addresses alone where it can be said. A colon in a folder's name does not exist on Windows: there only the system is left.
 */
export function plansFor(machine: Machine, target: Target): Plan[] {
  if (machine.platform === "win32") return [ownSystem(machine, target)];
  if (machine.platform === "darwin")
    return [dockerCli(machine, target), dockerDesktop(machine, target), ownSystem(machine, target)];
  const plans = [dockerCli, dockerEngine, podman, containerd, nerdctl, linuxSystem];
  return plans.map((plan) => plan(machine, target)).filter((plan) => plan !== undefined);
}

/** Content trust, which the docker command does by itself. */
function dockerCli(machine: Machine, target: Target): Plan {
  const files = inFolders(join(dockerFolder(machine), "tls"), target);
  return { ...written, id: "docker", found: hasAny(machine, ["docker"]), files };
}

/** Docker Desktop takes over what lies here when it starts. */
function dockerDesktop(machine: Machine, target: Target): Plan {
  const files = inFolders(join(dockerFolder(machine), "certs.d"), target);
  return { ...written, id: "docker-engine", found: hasAny(machine, ["docker"]), files };
}

/** The engine takes any certificate from this machine's own addresses: it needs ours for the other names alone. */
function dockerEngine(machine: Machine, target: Target): Plan {
  const found = hasAny(machine, ["dockerd", "docker"]);
  const addresses = target.addresses.filter((address) => !isLoopback(address.replace(/:\d+$/, "")));
  const wanted = { ...target, addresses };
  if (hasRootlessDocker(machine)) {
    const files = inFolders(join(configFolder(machine), "docker/certs.d"), wanted);
    return { ...written, id: "docker-engine", found, files };
  }
  return systems(machine, target, {
    id: "docker-engine",
    found,
    files: inFolders(join(machine.root, "etc/docker/certs.d"), wanted),
  });
}

/** Also buildah's and skopeo's; always in the home folder's own `.config`. containers-certs.d(5). */
function podman(machine: Machine, target: Target): Plan {
  const files = inFolders(join(machine.home, ".config/containers/certs.d"), target);
  return { ...written, id: "podman", found: hasAny(machine, ["podman", "buildah", "skopeo"]), files };
}

function containerd(machine: Machine, target: Target): Plan {
  const folder = join(machine.root, "etc/containerd/certs.d");
  const found = hasAny(machine, ["containerd", "ctr"]);
  return systems(machine, target, { id: "containerd", found, files: withHosts(folder, target) });
}

/** Without root it reads the person's own folder; with it, containerd's. */
function nerdctl(machine: Machine, target: Target): Plan | undefined {
  if (machine.isRoot) return undefined;
  const files = withHosts(join(configFolder(machine), "containerd/certs.d"), target);
  return { ...written, id: "nerdctl", found: hasAny(machine, ["nerdctl"]), files };
}

/** Where each family of Linux keeps what the person adds, and what takes it over. */
const stores = [
  ["etc/pki/ca-trust/source/anchors", "update-ca-trust"],
  ["etc/pki/trust/anchors", "update-ca-certificates"],
  ["etc/ca-certificates/trust-source/anchors", "update-ca-trust"],
  ["usr/local/share/ca-certificates", "update-ca-certificates"],
] as const;

/** The folder and the program of this Linux, if it is of a known family. */
export function systemStore(machine: Machine): { folder: string; after: string } | undefined {
  const known = stores.find(
    ([folder, tool]) => existsSync(join(machine.root, folder)) && hasAny(machine, [tool]),
  );
  return known && { folder: join(machine.root, known[0]), after: known[1] };
}

function linuxSystem(machine: Machine, target: Target): Plan | undefined {
  const store = systemStore(machine);
  if (store === undefined) return undefined;
  const { folder, after } = store;
  const files = [{ path: join(folder, `berth-${target.id}.crt`), content: target.authority }];
  return systems(machine, target, { id: "system", found: true, files, after });
}

/** macOS and Windows ask the person themselves, in a window of their own. */
function ownSystem({ platform, home }: Machine, { path, id }: Target): Plan {
  const keychain = quoted(join(home, "Library/Keychains/login.keychain-db"));
  const [command, undo] =
    platform === "darwin"
      ? [
          `security add-trusted-cert -r trustRoot -p ssl -k ${keychain} ${quoted(path)}`,
          `security remove-trusted-cert ${quoted(path)}`,
        ]
      : [`certutil -user -addstore Root "${path}"`, `certutil -user -delstore Root "Berth ${id}"`];
  return { id: "system", found: true, own: false, files: [], commands: [command], undo_commands: [undo] };
}

const written = { own: true, commands: [], undo_commands: [] };

/** Files that only root may write: Berth's own to write when it is root. */
function systems(
  { isRoot }: Machine,
  { path }: Target,
  plan: Pick<Plan, "id" | "found" | "files" | "after">,
): Plan {
  if (isRoot) return { ...written, ...plan };
  return { ...plan, own: false, ...rootCommands(plan.files, { path, after: plan.after }) };
}

function inFolders(folder: string, { addresses, authority }: Target): WantedFile[] {
  return addresses.map((address) => ({ path: join(folder, address, "ca.crt"), content: authority }));
}

/** containerd is told by a file beside it. containerd's docs/hosts.md. */
function withHosts(folder: string, target: Target): WantedFile[] {
  return inFolders(folder, target).flatMap((file, at) => {
    const url = `https://${target.addresses[at]}`;
    const content = `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve", "push"]\n  ca = "ca.crt"\n`;
    return [file, { path: join(dirname(file.path), "hosts.toml"), content }];
  });
}
