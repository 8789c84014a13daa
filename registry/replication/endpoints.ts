import type { Caller } from "../access/caller.ts";
import type { SecretStore } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { Endpoint, registries as operations } from "../contract/registries.ts";
import type { Events } from "../events.ts";
import type { Collections, PolicyDocument, RegistryDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { listingOf } from "../store/query.ts";
import type { Sequence } from "../store/sequence.ts";
import { toAddress } from "./addresses.ts";
import { statusOf } from "./health.ts";
import { adapterInfos, infoOf, types } from "./kinds.ts";
import { secretOf, type Peers } from "./peers.ts";
import type { RemoteOptions } from "./remote/remote.ts";

type Resource = Handlers<typeof operations, Caller>;
type Asked = Parameters<Resource["probe"]>[0];

interface Deps {
  collections: Pick<Collections, "registries" | "policies" | "projects">;
  secrets: SecretStore;
  peers: Peers;
  events: Events;
  locks: Locks;
  sequence: Sequence;
  verifyRemoteCert(): boolean;
  now: () => Date;
}

const listed = ["id", "name", "url", "type", "status", "creation_time", "update_time"] as const;
/** What stands for a secret that is there. */
const hidden = "*****";

/** The registries that rules can copy to and from. Harbor API 10, and the user guide's rules for when one may change. */
export function createEndpoints(deps: Deps): Resource {
  const { collections, secrets, peers, events, locks, sequence, verifyRemoteCert, now } = deps;
  const { registries, policies, projects } = collections;

  async function locate(id: number): Promise<RegistryDocument> {
    const found = await registries.get(String(id));
    if (!found) throw new Fault("NOT_FOUND", `there is no endpoint ${id}`);
    return found;
  }

  async function usersOf(id: number): Promise<PolicyDocument[]> {
    const asSource = await policies.list({ where: { src_registry_id: id } });
    const asDestination = await policies.list({ where: { dest_registry_id: id } });
    return [...asSource, ...asDestination].sort((a, b) => a.id - b.id);
  }

  async function toEndpoint(registry: RegistryDocument): Promise<Endpoint> {
    const { access_key, ...shown } = registry;
    const isSet = (await secrets.get(secretOf(registry.id))) !== undefined;
    const used_by = (await usersOf(registry.id)).map(({ id, name, enabled }) => ({ id, name, enabled }));
    return {
      ...shown,
      credential: { type: "basic", access_key, access_secret: isSet ? hidden : "" },
      used_by,
    };
  }

  async function assertFree(name: string, id?: number): Promise<void> {
    const known = await registries.find({ name });
    if (known && known.id !== id) throw new Fault("CONFLICT", `endpoint ${name} already exists`);
  }

  async function assertEditable(registry: RegistryDocument): Promise<void> {
    const enabled = (await usersOf(registry.id)).filter((policy) => policy.enabled);
    if (enabled.length === 0) return;
    throw new Fault(
      "PRECONDITION",
      `endpoint ${registry.name} is used by ${named("enabled rule", enabled)}: disable ${enabled.length === 1 ? "it" : "them"} first`,
    );
  }

  async function assertUnused(registry: RegistryDocument): Promise<void> {
    const rules = await usersOf(registry.id);
    const proxies = await projects.list({ where: { registry_id: registry.id }, sort: ["name"] });
    const users = [
      ...(rules.length > 0 ? [named("rule", rules)] : []),
      ...(proxies.length > 0 ? [named("proxy project", proxies)] : []),
    ];
    if (users.length === 0) return;
    throw new Fault(
      "PRECONDITION",
      `endpoint ${registry.name} is used by ${users.join(" and by ")}: delete that first`,
    );
  }

  /** What is not given is taken from the stored endpoint, but its secret goes to no other address than its own. */
  async function askedOf(asked: Asked): Promise<RemoteOptions> {
    const known = asked.id === undefined ? undefined : await locate(asked.id);
    const url = toAddress(asked.url ?? known?.url ?? "");
    return {
      url,
      type: asked.type ?? known?.type ?? "harbor",
      access_key: asked.access_key ?? known?.access_key ?? "",
      access_secret: (await secretFor(known, url, asked)) ?? "",
      insecure: asked.insecure ?? known?.insecure ?? !verifyRemoteCert(),
      ca_certificate: asked.ca_certificate ?? known?.ca_certificate ?? "",
    };
  }

  /** The secret given, or else the stored one. Throws `BAD_REQUEST` when that was given for another address. */
  async function secretFor(
    known: RegistryDocument | undefined,
    url: string,
    { access_key, access_secret }: Pick<Asked, "access_key" | "access_secret">,
  ): Promise<string | undefined> {
    if (access_secret !== undefined && access_secret !== hidden) return access_secret || undefined;
    // Without a user name nobody is to sign in.
    const kept = known && access_key !== "" ? await secrets.get(secretOf(known.id)) : undefined;
    if (kept !== undefined && known?.url !== url) {
      throw new Fault("BAD_REQUEST", "the address is another one: give the secret again");
    }
    return kept;
  }

  async function assertWell(options: RemoteOptions) {
    const found = statusOf(await peers.probe(options));
    if (found.status === "unhealthy") throw new Fault("BAD_REQUEST", found.status_reason);
    return { ...found, status_time: now().toISOString() };
  }

  async function keepSecret(id: number, secret: string | undefined): Promise<void> {
    if (secret === undefined) await secrets.remove(secretOf(id));
    else await secrets.set(secretOf(id), secret);
  }

  const changed = (registry_id: number): void => events.emit({ name: "registry.changed", registry_id });

  return {
    adapters: () => Promise.resolve(types),
    adapterInfos: () => Promise.resolve(adapterInfos()),
    get: async ({ id }) => toEndpoint(await locate(id)),

    async list({ name, ...input }) {
      const { where, ...listing } = listingOf<RegistryDocument>(input, { fields: listed, sort: ["name"] });
      const narrowed = { ...where, ...(name === undefined ? {} : { name: { contains: name } }) };
      const found = await registries.list({ ...listing, where: narrowed });
      return { items: await Promise.all(found.map(toEndpoint)), total: await registries.count(narrowed) };
    },

    async create({ name, type, description, credential, ca_certificate, ...draft }) {
      await assertFree(name);
      const url = toAddress(draft.url);
      const { access_key = "", access_secret = "" } = credential ?? {};
      const insecure = draft.insecure ?? !verifyRemoteCert();
      const facts = { url, type, access_key, insecure, ca_certificate };
      const status = await assertWell({ ...facts, access_secret });
      return locks.lock("rules", async () => {
        await assertFree(name);
        const id = await sequence.next("registries");
        const time = now().toISOString();
        await keepSecret(id, access_secret || undefined);
        await registries.insert({
          id,
          name,
          description,
          ...facts,
          ...status,
          creation_time: time,
          update_time: time,
        });
        changed(id);
        return { id };
      });
    },

    async update({ id, name, description, credential_type: _, ...change }) {
      const before = await locate(id);
      await assertEditable(before);
      if (name !== undefined) await assertFree(name, id);
      const { access_secret, ...options } = await askedOf({ id, ...change });
      const status = await assertWell({ ...options, access_secret });
      await locks.lock("rules", async () => {
        const current = await locate(id);
        await assertEditable(current);
        await assertFree(name ?? current.name, id);
        await keepSecret(id, access_secret || undefined);
        await registries.put({
          ...current,
          ...options,
          ...status,
          name: name ?? current.name,
          description: description ?? current.description,
          update_time: now().toISOString(),
        });
      });
      changed(id);
    },

    async remove({ id }) {
      await locks.lock("rules", async () => {
        await assertUnused(await locate(id));
        await registries.remove(String(id));
        await secrets.remove(secretOf(id));
        peers.forget(id);
      });
      changed(id);
    },

    probe: async (asked) => peers.probe(await askedOf(asked)),

    async ping(asked) {
      const { problem, message } = await peers.probe(await askedOf(asked));
      if (problem !== undefined) throw new Fault("BAD_REQUEST", message);
    },

    async info({ id }) {
      return id === 0
        ? infoOf("berth", { isLocal: true })
        : infoOf((await locate(id)).type, { isLocal: false });
    },
  };
}

/** `rule nightly`, `rules hourly and nightly`. */
function named(kind: string, things: readonly { name: string }[]): string {
  const names = things.map(({ name }) => name);
  const last = names.pop() ?? "";
  return names.length === 0 ? `${kind} ${last}` : `${kind}s ${names.join(", ")} and ${last}`;
}
