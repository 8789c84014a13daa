import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Seals bytes by AES-256-GCM, in base64: nonce, tag, text. They open again only with the same `bound`. */
export function sealed(key: Buffer, bytes: Buffer, bound: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
  const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64");
}

/** `undefined` for what was sealed with another key, bound to something else, or changed. */
export function unsealed(key: Buffer, text: string, bound: Buffer): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), {
      authTagLength: 16,
    }).setAAD(bound);
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  } catch {
    return undefined;
  }
}
