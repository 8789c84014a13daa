import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { exportPKCS8, generateKeyPair, importPKCS8, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { SecretStore } from "../config.ts";
import type { Caller, Grant } from "./caller.ts";

const issuer = "harbor-token-issuer";
export const tokenService = "harbor-registry";

export interface Token {
  user_id: number | undefined;
  robot_id: number | undefined;
  /** RFC 3339, with milliseconds. */
  issued: string;
  expires: number;
  grants: readonly Grant[];
}

export interface Tokens {
  /** Rights are looked up at every use, so a token never outlives a role. `seconds` is how long it lives. */
  issue(
    holder: Pick<Caller, "user" | "robot">,
    grants: readonly Grant[],
  ): Promise<{ token: string; issued: Date; seconds: number }>;
  /** `undefined` for one that is forged, expired, or not ours. */
  verify(token: string): Promise<Token | undefined>;
  /** The key's own bytes, to derive others from. */
  seed(): string;
}

/** Bearer tokens of the registry, ES256 by a key that is kept among the secrets. Distribution spec "Token Authentication". */
export async function openTokens(secrets: SecretStore, now: () => Date, life: () => number): Promise<Tokens> {
  const { pem, privateKey, publicKey, kid } = await keptKey(secrets);
  // A client uses one token for many requests: checking its signature once is enough.
  const verified = new LRUCache<string, Token>({ max: 2000 });

  return {
    seed: () => pem,

    async issue({ user, robot }, grants) {
      const issued = now();
      const at = issued.getTime() / 1000;
      const seconds = life();
      const token = await new SignJWT({
        access: grants,
        user_id: user?.user_id,
        robot_id: robot?.id,
        jti: randomBytes(12).toString("base64url"),
      })
        .setProtectedHeader({ alg: "ES256", typ: "JWT", kid })
        .setIssuer(issuer)
        .setSubject(user?.username ?? robot?.name ?? "")
        .setAudience(tokenService)
        .setIssuedAt(at)
        .setNotBefore(at - 60)
        .setExpirationTime(at + seconds)
        .sign(privateKey);
      return { token, issued, seconds };
    },

    async verify(token) {
      let known = verified.get(token);
      if (!known) {
        known = await check(token);
        if (known) verified.set(token, known);
      }
      return known && known.expires * 1000 >= now().getTime() ? known : undefined;
    },
  };

  async function check(token: string): Promise<Token | undefined> {
    if (token.length > 8192) return undefined;
    try {
      const options = { issuer, audience: tokenService, algorithms: ["ES256"], currentDate: now() };
      const { payload } = await jwtVerify(token, publicKey, options);
      const { iat, exp, user_id, robot_id, access } = payload;
      if (typeof iat !== "number" || typeof exp !== "number" || !Array.isArray(access)) return undefined;
      return {
        user_id: typeof user_id === "number" ? user_id : undefined,
        robot_id: typeof robot_id === "number" ? robot_id : undefined,
        issued: new Date(iat * 1000).toISOString(),
        expires: exp,
        grants: access as Grant[],
      };
    } catch {
      return undefined;
    }
  }
}

async function keptKey(secrets: SecretStore) {
  let pem = await secrets.get("token-key");
  if (!pem) {
    pem = await exportPKCS8((await generateKeyPair("ES256", { extractable: true })).privateKey);
    await secrets.set("token-key", pem);
  }
  const publicKey = createPublicKey(pem);
  const digest = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();
  return { pem, privateKey: await importPKCS8(pem, "ES256"), publicKey, kid: libtrustId(digest) };
}

/** The key id that Docker's libraries write: 30 bytes in base32, in groups of four. */
function libtrustId(digest: Buffer): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const byte of digest.subarray(0, 30)) bits += byte.toString(2).padStart(8, "0");
  const letters = bits.match(/.{5}/g)?.map((five) => alphabet[Number.parseInt(five, 2)]) ?? [];
  return letters.join("").match(/.{4}/g)?.join(":") ?? "";
}
