import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";

// About 80 ms and 32 MiB on a common machine; OWASP's recommendation for scrypt.
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const parallel = 2;

export interface Passwords {
  /** What to store: `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`. */
  hash(password: string): Promise<string>;
  /** Takes as long for a user without a password, or for none at all, as for a wrong one. */
  verify(password: string, stored: string | undefined): Promise<boolean>;
}

/**
 * Passwords by scrypt, compared in constant time. Two at a time, so that guessing neither holds the thread pool nor fills
 * the memory; and a right one is remembered for a minute, because clients with Basic auth send it with every request.
 */
export function createPasswords(now: () => Date): Passwords {
  const memory = new Map<string, number>();
  const memoryKey = randomBytes(32);
  const waiting: (() => void)[] = [];
  let running = 0;
  const decoy = `scrypt$15$8$1$${randomBytes(16).toString("base64")}$${randomBytes(32).toString("base64")}`;

  async function limited<T>(work: () => Promise<T>): Promise<T> {
    if (running >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    async hash(password) {
      const salt = randomBytes(16);
      const hash = await limited(() => derive(password, salt, cost));
      return `scrypt$${Math.log2(cost.N)}$${cost.r}$${cost.p}$${salt.toString("base64")}$${hash.toString("base64")}`;
    },

    async verify(password, stored) {
      const known = createHmac("sha256", memoryKey)
        .update(`${stored ?? ""}\0${password}`)
        .digest("base64");
      const until = memory.get(known);
      if (until !== undefined && until > now().getTime()) return true;
      const [, exponent, r, p, salt, hash] = (stored ?? decoy).split("$");
      const wanted = Buffer.from(hash ?? "", "base64");
      const options = { N: 2 ** Number(exponent), r: Number(r), p: Number(p), maxmem: cost.maxmem };
      const got = await limited(() => derive(password, Buffer.from(salt ?? "", "base64"), options));
      const right = wanted.length === got.length && timingSafeEqual(wanted, got) && stored !== undefined;
      if (right) {
        if (memory.size > 1000) memory.clear();
        memory.set(known, now().getTime() + 60_000);
      }
      return right;
    },
  };
}

function derive(password: string, salt: Buffer, options: typeof cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
