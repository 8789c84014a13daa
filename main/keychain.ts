import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SecretStore } from "../registry/config.ts";
import { openSecretFile } from "../registry/secrets.ts";
import { writeWhole } from "./write.ts";

/** The part of keytar that is used. */
interface Keytar {
  getPassword(program: string, name: string): Promise<string | null>;
  setPassword(program: string, name: string, value: string): Promise<void>;
  deletePassword(program: string, name: string): Promise<boolean>;
}

/** A keychain may ask its owner to unlock it first; this long, in milliseconds. */
const patience = 60_000;

/** Opens it once, at the first who asks; one that did not answer is asked again. */
export function createSecrets(folder: string): () => Promise<SecretStore> {
  let store: Promise<SecretStore> | undefined;
  return () =>
    (store ??= openKeychain(folder).catch((error: unknown) => {
      store = undefined;
      throw error;
    }));
}

/**
 * Where this computer keeps secrets: its keychain, or where there is none a file that only its owner may read.
 *
 * The first start decides, and what it decided is written down: a keychain that is locked today must not be
 * mistaken for one that is not there, or new keys would be made and all that the old ones sealed be lost.
 * Throws when the keychain that was decided for does not answer.
 */
async function openKeychain(folder: string): Promise<SecretStore> {
  const note = join(folder, "secret-store.json");
  const decided = existsSync(note) ? kindIn(note) : undefined;
  const keychain = decided === "file" ? undefined : await probe(folder);
  if (keychain === undefined && decided === "keychain")
    throw new Error("the keychain of this computer does not answer: unlock it, then start Berth again");
  if (decided === undefined) writeWhole(note, JSON.stringify({ kind: keychain ? "keychain" : "file" }));
  return keychain ?? openSecretFile(join(folder, "secrets.json"));
}

async function probe(folder: string): Promise<SecretStore | undefined> {
  const keytar = loadKeytar();
  if (keytar === undefined) return undefined;
  // Two installations of one person, each with a folder of its own, must not share a signing key.
  const nameOf = (name: string): string => `${name} ${folder}`;
  try {
    await withinPatience(keytar.getPassword("Berth", nameOf("probe")));
  } catch {
    return undefined;
  }
  return {
    kind: "the keychain of this computer",
    get: async (name) => (await keytar.getPassword("Berth", nameOf(name))) ?? undefined,
    set: (name, value) => keytar.setPassword("Berth", nameOf(name), value),
    remove: async (name) => void (await keytar.deletePassword("Berth", nameOf(name))),
  };
}

/** It is native and optional at install: a machine without a compiler has none. */
function loadKeytar(): Keytar | undefined {
  try {
    return createRequire(__filename)("keytar") as Keytar;
  } catch {
    return undefined;
  }
}

function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("no answer")), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function kindIn(note: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(note, "utf8")) as { kind?: string }).kind;
  } catch {
    return undefined;
  }
}
