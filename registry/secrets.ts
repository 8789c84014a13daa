import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { chmod, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "./contract/fault.ts";
import type { SecretStore } from "./config.ts";

interface Sealed {
  version: 1;
  /** For a passphrase: what makes the key of it. */
  salt?: string;
  entries: Record<string, string>;
}

/**
 * Secrets in a file, each sealed by AES-256-GCM, for where there is no keychain. The key comes from a passphrase, or else
 * lies beside the file with mode 600: that keeps secrets out of backups and of other people's reach, not from who owns the machine.
 *
 * Throws `PRECONDITION` when the passphrase is not the one the file was sealed with.
 */
export async function openSecretFile(
  path: string,
  { passphrase }: { passphrase?: string } = {},
): Promise<SecretStore> {
  const sealed: Sealed = (await readSealed(path)) ?? { version: 1, entries: {} };
  if (passphrase !== undefined) sealed.salt ??= randomBytes(16).toString("base64");
  const key =
    passphrase === undefined
      ? await keptKey(`${path}.key`, Object.keys(sealed.entries).length > 0)
      : scryptSync(passphrase, Buffer.from(sealed.salt ?? "", "base64"), 32, {
          N: 2 ** 15,
          r: 8,
          p: 1,
          maxmem: 2 ** 26,
        });
  if (Object.keys(sealed.entries).length > 0)
    Object.entries(sealed.entries).forEach(([name, text]) => unseal(key, name, text));

  let writing = Promise.resolve();
  /** One after the other. What could not be written is not kept in memory either. */
  function change(name: string, text: string | undefined): Promise<void> {
    const write = async (): Promise<void> => {
      const { [name]: _, ...others } = sealed.entries;
      const entries = text === undefined ? others : { ...others, [name]: text };
      await replace(path, JSON.stringify({ ...sealed, entries }));
      sealed.entries = entries;
    };
    const written = writing.then(write);
    writing = written.catch(() => undefined);
    return written;
  }

  return {
    kind:
      passphrase === undefined
        ? "a sealed file whose key lies beside it"
        : "a file sealed with your passphrase",
    get(name) {
      const text = Object.hasOwn(sealed.entries, name) ? sealed.entries[name] : undefined;
      return Promise.resolve(text === undefined ? undefined : unseal(key, name, text));
    },
    set: (name, value) => change(name, seal(key, name, value)),
    remove: (name) => change(name, undefined),
  };
}

function seal(key: Buffer, name: string, value: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name));
  const text = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64");
}

function unseal(key: Buffer, name: string, text: string): string {
  const bytes = Buffer.from(text, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12)).setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
  } catch {
    throw new Fault(
      "PRECONDITION",
      "the secrets cannot be opened: the passphrase or the key file is not theirs",
    );
  }
}

async function readSealed(path: string): Promise<Sealed | undefined> {
  const text = await readFile(path, "utf8").catch(absent);
  return text === undefined ? undefined : (JSON.parse(text) as Sealed);
}

/** A key that is not whole is never replaced while something is sealed with it: then all of that would be lost. */
async function keptKey(path: string, needed: boolean): Promise<Buffer> {
  const kept = await readFile(path).catch(absent);
  if (kept?.length === 32) return kept;
  if (needed) throw new Fault("PRECONDITION", `the secrets cannot be opened: ${path} is missing or damaged`);
  const key = randomBytes(32);
  await replace(path, key);
  return key;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

async function replace(path: string, content: string | Buffer): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(draft, 0o600);
  await rename(draft, path);
  const folder = await open(dirname(path), "r");
  await folder.sync().catch(() => undefined); // Windows cannot sync a folder
  await folder.close();
}
