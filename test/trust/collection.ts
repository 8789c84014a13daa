import type { Berth } from "../harness.ts";
import {
  ecKey,
  rootDocument,
  rootKey,
  signed,
  targetsDocument,
  type RootKeys,
  type Signer,
  type WireKey,
} from "./author.ts";

/** What goes wrong, as clients read it. */
export interface TrustError {
  code: string;
  message: string;
  detail?: { Name?: string; Error?: { Msg: string; Missing?: string } };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The one error, if it is one. */
  error: TrustError | undefined;
}

/** What serves trust data: a registry of ours, or the reference. */
export interface Service {
  /** The first part of its collections' names. */
  host: string;
  fetch(path: string, init?: RequestInit & { as?: Who }): Promise<Response>;
}

export type Who = { name: string; password: string } | null;

/** A collection of trust data on a registry, spoken to byte by byte. */
export interface Collection {
  gun: string;
  /** Below `_trust/`; `tuf/root.json`. */
  ask(path: string, init?: RequestInit & { as?: Who }): Promise<Answer>;
  get(name: string): Promise<Answer>;
  /** The current metadata of a role, parsed. */
  read(
    role: string,
  ): Promise<{ signed: Record<string, never> & { version: number; expires: string; meta: never } }>;
  key(role: "timestamp" | "snapshot", method?: "GET" | "POST"): Promise<{ wire: WireKey }>;
  publish(files: Record<string, Buffer> | readonly (readonly [string, Buffer])[], as?: Who): Promise<Answer>;
}

export const serviceOf = (berth: Berth, host = berth.address): Service => ({ host, fetch: berth.fetch });

/** The same, by a token that may do everything to one collection: checking a password takes its time, each time. */
export async function tokenService(berth: Berth, repository: string, host = berth.address): Promise<Service> {
  const scope = encodeURIComponent(`repository:${host}/${repository}:*`);
  const answer = await berth.fetch(`/service/token?service=harbor-registry&scope=${scope}`);
  const { token } = (await answer.json()) as { token: string };
  return {
    host,
    fetch(path, { as: _, ...init } = {}) {
      const headers = {
        ...(init.headers as Record<string, string> | undefined),
        authorization: `Bearer ${token}`,
      };
      return berth.fetch(path, { ...init, as: null, headers });
    },
  };
}

export function collectionOf({ host, fetch }: Service, repository: string): Collection {
  const gun = `${host}/${repository}`;

  async function ask(path: string, init: RequestInit & { as?: Who } = {}): Promise<Answer> {
    const answer = await fetch(`/v2/${gun}/_trust/${path}`, init);
    const text = await answer.text();
    const failed = answer.status !== 200 && text !== "";
    const body = failed ? (JSON.parse(text) as { errors: TrustError[] }) : undefined;
    return { status: answer.status, headers: answer.headers, text, error: body?.errors[0] };
  }

  return {
    gun,
    ask,
    get: (name) => ask(`tuf/${name}`),
    async read(role) {
      const { text } = await ask(`tuf/${role}.json`);
      return JSON.parse(text) as never;
    },
    async key(role, method = "GET") {
      const { text } = await ask(`tuf/${role}.key`, { method });
      const { keytype, keyval } = JSON.parse(text) as WireKey;
      return { wire: { keytype, keyval: { private: null, public: keyval.public } } };
    },
    publish(files, as) {
      const { body, type } = form(isList(files) ? files : Object.entries(files));
      const init = { method: "POST", body: new Uint8Array(body), headers: { "content-type": type } };
      return ask("tuf/", as === undefined ? init : { ...init, as });
    },
  };
}

type Files = Parameters<Collection["publish"]>[0];

const isList = (files: Files): files is readonly (readonly [string, Buffer])[] => Array.isArray(files);

/** An upload as notary's clients write it. */
export function form(files: readonly (readonly [string, Buffer])[]): { body: Buffer; type: string } {
  const boundary = "f128756a67859195ba85b6a8d41d7a5f13c4af6b3a5f554125bb9869a1c7";
  const parts = files.flatMap(([name, bytes], at) => [
    Buffer.from(
      `${at === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n` +
        "Content-Type: application/octet-stream\r\n\r\n",
    ),
    bytes,
  ]);
  const body = Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

/** A published collection whose snapshot the server signs, and the keys of who published it. */
export interface Started extends Collection {
  keys: RootKeys & { root: Signer };
}

/** Begins a collection, as docker does with the first signed push. */
export async function begin(service: Service, repository: string): Promise<Started> {
  const collection = collectionOf(service, repository);
  const keys = await freshKeys(collection);
  const answer = await collection.publish({
    root: signed(rootDocument(keys), [keys.root]),
    targets: signed(targetsDocument(), [keys.targets]),
  });
  if (answer.status !== 200) throw new Error(`the first publish failed: ${answer.text}`);
  return { ...collection, keys };
}

/** Keys for a first root: the server's own for what it signs. */
export async function freshKeys(collection: Collection): Promise<RootKeys & { root: Signer }> {
  return {
    root: await rootKey(collection.gun),
    targets: ecKey(),
    snapshot: await collection.key("snapshot"),
    timestamp: await collection.key("timestamp"),
  };
}
