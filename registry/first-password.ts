import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import type { RegistryConfig } from "./config.ts";

/**
 * The administrator's first password on an empty folder. One that is made here lies in a file, mode 600, until first changed:
 * whoever starts a headless registry must be able to sign in, and nobody else.
 */
export function firstPassword(path: string, wanted: RegistryConfig["adminPassword"]) {
  return {
    async make(): Promise<string | undefined> {
      if (wanted === "ask") return undefined;
      if (wanted !== "generate") return wanted.is;
      // The rules want a lower-case letter, an upper-case letter and a digit.
      const password = `${randomBytes(15).toString("base64url")}aA1`;
      const file = await open(path, "w", 0o600);
      try {
        await file.writeFile(`${password}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      return password;
    },

    async forget(): Promise<void> {
      await rm(path, { force: true });
    },
  };
}
