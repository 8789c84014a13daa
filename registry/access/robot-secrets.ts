import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { Fault } from "../contract/fault.ts";
import type { Passwords } from "./passwords.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const length = 32;

/** A lower-case letter, an upper-case letter and a digit, as Harbor asks of a secret. */
const isMixed = (secret: string): boolean =>
  /[a-z]/.test(secret) && /[A-Z]/.test(secret) && /\d/.test(secret);

/** A secret of 190 bits. */
export function makeSecret(): string {
  for (;;) {
    const secret = Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
    if (isMixed(secret)) return secret;
  }
}

/** What is kept of a secret that was made here: nobody guesses it, so it needs no slow hash. */
export function digestOfSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** What is kept of a secret that somebody thought of. Throws `BAD_REQUEST` for one that is too plain. */
export function hashGivenSecret(secret: string, passwords: Passwords): Promise<string> {
  if (secret.length >= 8 && secret.length <= 128 && isMixed(secret)) return passwords.hash(secret);
  throw new Fault(
    "BAD_REQUEST",
    "a secret has 8 to 128 characters, with a lower-case letter, an upper-case letter and a digit",
  );
}

export function isGivenSecret(stored: string): boolean {
  return stored.startsWith("scrypt$");
}

/** In the same time for every wrong secret. */
export function isSecret(secret: string, stored: string): boolean {
  return timingSafeEqual(Buffer.from(digestOfSecret(secret), "hex"), Buffer.from(stored, "hex"));
}
