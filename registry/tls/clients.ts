import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import type { Client, Clients } from "../contract/clients.ts";
import { codeOf } from "../store/disk.ts";
import { plansFor, type Plan, systemStore, type Target } from "./client-plans.ts";
import type { Machine } from "./machine.ts";
import { contentOf, createWritten, type Written } from "./written.ts";

/** The clients of this machine, and whether they trust Berth. */
export interface ClientSetUp {
  /** Without a target, which is when there is nothing to trust, it knows only what was written before. */
  list(target: Target | undefined): Promise<Clients>;
  /** Sets up all that it can, and takes back what an earlier certificate or address no longer needs. */
  setUp(target: Target | undefined): Promise<Clients>;
  /** Takes back all that it wrote. */
  undo(target: Target | undefined): Promise<Clients>;
}

interface Deps {
  machine: Machine;
  /** Where it is put down what was written. */
  record: string;
}

type FileState = Client["files"][number]["state"];

/** Makes docker, podman and containerd trust Berth's certificate, by files that it can say and take back exactly. */
export function createClients({ machine, record }: Deps): ClientSetUp {
  const written = createWritten(record);
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: each reads what was written before it writes. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  }

  async function look(target: Target | undefined, left: string[] = [], troubles = new Map<string, string>()) {
    const record = await written.read();
    const plans = target === undefined ? [] : plansFor(machine, target);
    const clients: Client[] = [];
    for (const plan of plans)
      clients.push({ ...(await stateOf(plan, record)), ...troubleOf(plan, troubles) });
    return {
      addresses: [...(target?.addresses ?? [])],
      ...(target === undefined ? {} : { fingerprint: new X509Certificate(target.authority).fingerprint256 }),
      clients,
      written: record.files,
      left,
    };
  }

  async function setUp(target: Target | undefined): Promise<Clients> {
    const troubles = new Map<string, string>();
    const plans =
      target === undefined ? [] : plansFor(machine, target).filter(({ found, own }) => found && own);
    const wanted = new Set(plans.flatMap(({ files }) => files.map(({ path }) => path)));
    const left = await written.takeBack(({ path }) => !wanted.has(path));
    for (const plan of plans) {
      const { files } = await stateOf(plan, await written.read());
      const open = files.filter(({ state }) => state === "missing" || state === "old");
      try {
        for (const { path, content } of open) await written.put({ client: plan.id, path, content });
        if (plan.after !== undefined && open.length > 0) await run(plan.after);
      } catch (error) {
        troubles.set(plan.id, inWords(error));
      }
    }
    return look(target, left, troubles);
  }

  async function undo(target: Target | undefined): Promise<Clients> {
    const troubles = new Map<string, string>();
    const { files } = await written.read();
    const left = await written.takeBack(() => true);
    const store = files.some(({ client }) => client === "system") ? systemStore(machine) : undefined;
    if (store) await run(store.after).catch((error: unknown) => troubles.set("system", inWords(error)));
    return look(target, left, troubles);
  }

  async function run(program: string): Promise<void> {
    await promisify(execFile)(program, { env: machine.env, timeout: 60_000 });
  }

  return {
    list: (target) => inTurn(() => look(target)),
    setUp: (target) => inTurn(() => setUp(target)),
    undo: (target) => inTurn(() => undo(target)),
  };
}

async function stateOf(plan: Plan, record: Written): Promise<Client> {
  const { id, commands, undo_commands } = plan;
  const files: Client["files"] = [];
  for (const file of plan.files) files.push({ ...file, state: await fileState(file, record) });
  return { id, files, state: clientState(plan, files), commands, undo_commands };
}

async function fileState({ path, content }: Plan["files"][number], record: Written): Promise<FileState> {
  // What may not be read is nobody's that we know.
  const found = await contentOf(path).catch(() => "");
  if (found === undefined) return "missing";
  if (found === content) return "same";
  return record.files.some((file) => file.path === path && file.content === found) ? "old" : "foreign";
}

function clientState({ found, own, commands }: Plan, files: Client["files"]): Client["state"] {
  if (!found) return "absent";
  const isReady = files.every(({ state }) => state === "same") && (files.length > 0 || commands.length === 0);
  if (isReady) return "ready";
  if (files.some(({ state }) => state === "foreign") && own) return "blocked";
  return own ? "open" : "yours";
}

function troubleOf({ id }: Plan, troubles: ReadonlyMap<string, string>): { trouble?: string } {
  const trouble = troubles.get(id);
  return trouble === undefined ? {} : { trouble };
}

function inWords(error: unknown): string {
  const { path = "" } = error as NodeJS.ErrnoException;
  if (["EACCES", "EPERM", "EROFS"].includes(codeOf(error))) return `${path} may not be written by you`;
  if (["EEXIST", "ENOTDIR"].includes(codeOf(error))) return `something else is in the way at ${path}`;
  return error instanceof Error ? error.message : String(error);
}
