import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signBytes,
} from "node:crypto";
import type { LogLine, SecretStore } from "../config.ts";
import type { Collections, TrustKeyDocument } from "../store/collections.ts";
import { canonicalOf } from "./canonical.ts";
import { keyIdOf, toWire, type Key } from "./keys.ts";
import { toMetadata } from "./metadata.ts";
import { sealed, unsealed } from "./seal.ts";
import type { Sign } from "./signing.ts";
import type { Role } from "./structure.ts";

export type ServerRole = "timestamp" | "snapshot";

/** The collection that a key is for: a key never signs for another one. */
export interface Owner {
  gun: string;
  project_id: number;
}

export interface ServerKeys {
  /** The key of that role which is among these, if it is held here. */
  held(owner: Owner, role: ServerRole, keyids: readonly string[]): Promise<Key | undefined>;
  /** A key that has signed nothing yet, the same one until it has. */
  next(owner: Owner, role: ServerRole, except: readonly string[]): Promise<Key>;
  signerOf(owner: Owner): Sign;
  /** Notes that these sign: they are nobody's next key any more. */
  used(keyids: readonly string[]): Promise<void>;
}

interface Deps {
  collections: Pick<Collections, "trustKeys">;
  secrets: SecretStore;
  now: () => Date;
  log: (line: LogLine) => void;
}

/**
 * The keys by which the server signs timestamps and snapshots: ECDSA P-256, each sealed by AES-256-GCM. What opens them
 * is kept among the secrets; who has the data folder alone cannot sign.
 */
export async function openServerKeys({ collections, secrets, now, log }: Deps): Promise<ServerKeys> {
  const { trustKeys } = collections;
  const seal = await keptSeal();

  async function keptSeal(): Promise<Buffer> {
    const kept = await secrets.get("trust-key");
    if (kept !== undefined) return Buffer.from(kept, "base64");
    const lost = await trustKeys.count();
    if (lost > 0)
      log({ level: "error", message: "the keys of trust data cannot be opened: rotate them", count: lost });
    const made = randomBytes(32);
    await secrets.set("trust-key", made.toString("base64"));
    return made;
  }

  async function create({ gun, project_id }: Owner, role: ServerRole): Promise<Key> {
    const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const key = { keytype: "ecdsa", public: pair.publicKey.export({ type: "spki", format: "der" }) };
    const keyid = keyIdOf(key);
    const bytes = pair.privateKey.export({ type: "pkcs8", format: "der" });
    await trustKeys.insert({
      keyid,
      gun,
      project_id,
      role,
      public: key.public.toString("base64"),
      sealed: sealed(seal, bytes, boundTo({ keyid, gun, role })),
      used: false,
      creation_time: now().toISOString(),
    });
    return key;
  }

  /** A key that cannot be opened counts as not held: then a rotation to a new one helps. */
  function opened(document: TrustKeyDocument): KeyObject | undefined {
    const bytes = unsealed(seal, document.sealed, boundTo(document));
    return bytes && createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
  }

  async function of({ gun, project_id }: Owner, role: string, keyid: string) {
    const found = await trustKeys.get(keyid);
    const mine = found?.gun === gun && found.project_id === project_id && found.role === role;
    return mine ? found : undefined;
  }

  async function signatureOf(owner: Owner, role: Role, keyid: string, bytes: Buffer) {
    const document = await of(owner, role.name, keyid);
    const key = document && opened(document);
    if (!key) return undefined;
    const sig = signBytes("sha256", bytes, { key, dsaEncoding: "ieee-p1363" });
    return { keyid, method: "ecdsa", sig: sig.toString("base64") };
  }

  return {
    async held(owner, role, keyids) {
      for (const keyid of keyids) {
        const document = await of(owner, role, keyid);
        if (document && opened(document)) return toKeyOf(document);
      }
      return undefined;
    },

    async next(owner, role, except) {
      const { gun, project_id } = owner;
      const pending = await trustKeys.list({ where: { gun, project_id, role, used: false } });
      const found = pending.find((document) => !except.includes(document.keyid) && opened(document));
      return found ? toKeyOf(found) : create(owner, role);
    },

    signerOf: (owner) =>
      async function sign(role, signed) {
        const bytes = canonicalOf(signed);
        const asked = role.keyids.map((keyid) => signatureOf(owner, role, keyid, bytes));
        const signatures = (await Promise.all(asked)).filter((signature) => signature !== undefined);
        if (signatures.length < role.threshold) return undefined;
        return toMetadata(
          Buffer.from(`{"signed":${bytes.toString()},"signatures":${JSON.stringify(signatures)}}`),
        );
      },

    async used(keyids) {
      for (const keyid of keyids)
        if ((await trustKeys.get(keyid))?.used === false) await trustKeys.update(keyid, { used: true });
    },
  };
}

function toKeyOf({ public: text }: TrustKeyDocument): Key {
  return { keytype: "ecdsa", public: Buffer.from(text, "base64") };
}

/** As clients are told of it. */
export const publicJson = (key: Key): string => JSON.stringify(toWire(key));

/** What a sealed key is bound to: under another name it does not open. */
const boundTo = ({ keyid, gun, role }: Pick<TrustKeyDocument, "keyid" | "gun" | "role">): Buffer =>
  Buffer.from(JSON.stringify([keyid, gun, role]));
