import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { LogLine, SecretStore, TlsConfig } from "../config.ts";
import type { TlsState } from "../contract/tls.ts";
import { createAuthority } from "./authority.ts";
import { type PairFiles, readPair } from "./given-pair.ts";
import { issueServer, type Pair } from "./issue.ts";
import { type Names, namesOf } from "./names.ts";

/** What the server shows: to most clients `pair`, to those that ask for one of these names another. */
export interface Shown {
  pair: Pair;
  named: { names: readonly string[]; pair: Pair } | undefined;
}

interface Current extends Shown {
  authority: string | undefined;
}

export interface Tls {
  readonly shown: Shown;
  /** What clients are given to trust, PEM; absent for the person's own pair, whose issuer they are to know. */
  readonly authority: string | undefined;
  state(): Omit<TlsState, "address" | "addresses">;
  /** Tells when `shown` has changed. */
  onChange(listener: (shown: Shown) => void): void;
  close(): void;
}

export interface TlsDeps {
  config: TlsConfig;
  /** Further names that the person gave. */
  hosts: readonly string[];
  /** The address that people reach this registry by, a URL; or empty. */
  endpoint: () => string;
  /** Where the authority's certificate lies. */
  path: string;
  secrets: SecretStore;
  now: () => Date;
  log: (line: LogLine) => void;
}

/** Milliseconds before its end at which a certificate is renewed. */
const early = 30 * 86_400_000;

/**
 * The certificates that the server shows, kept good while it runs: of Berth's own authority, with the names and addresses
 * that this machine has at the time, or the person's own pair as it lies in its files at the time.
 *
 * Throws `BAD_REQUEST` for a pair that cannot be used.
 */
export async function openTls({ config, hosts, endpoint, path, secrets, now, log }: TlsDeps): Promise<Tls> {
  const authorityFor = createAuthority({ path, secrets, now });
  const { listen, pair: files } = config;
  const listeners = new Set<(shown: Shown) => void>();
  let trouble: string | undefined;
  let names = namesOf({ listen, hosts, endpoint: endpoint() });
  let current = files === undefined ? await issueAll(names) : await readAll(files);

  /**
   * A client that holds an earlier certificate of the authority knows nothing of names that came later, and would refuse
   * a certificate that has any of them: who asks for Berth's home names is shown one with only those.
   */
  async function issueAll({ home, further }: Names): Promise<Current> {
    const authority = await authorityFor(further);
    const issue = (all: string[]) => issueServer(authority, all, now());
    const pair = await issue(home);
    const named =
      further.length === 0 ? undefined : { names: further, pair: await issue([...home, ...further]) };
    return { pair, named, authority: authority.cert };
  }

  async function readAll(given: PairFiles): Promise<Current> {
    return { pair: await readPair(given, now()), named: undefined, authority: undefined };
  }

  function isDue(): boolean {
    const { validFrom, validTo } = new X509Certificate(current.pair.cert);
    const time = now().getTime();
    return Date.parse(validTo) - early <= time || Date.parse(validFrom) > time;
  }

  async function check(): Promise<void> {
    try {
      if (files === undefined) {
        const wanted = namesOf({ listen, hosts, endpoint: endpoint() });
        const moved = JSON.stringify(wanted) !== JSON.stringify(names);
        if (!moved && !isDue()) return;
        current = await issueAll(wanted);
        names = wanted;
      } else {
        const read = await readAll(files);
        trouble = undefined;
        if (read.pair.cert === current.pair.cert && read.pair.key === current.pair.key) return;
        current = read;
      }
      log({
        level: "info",
        message: "certificate renewed",
        until: new X509Certificate(current.pair.cert).validTo,
      });
      for (const told of listeners) told(current);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (trouble !== reason) log({ level: "warn", message: "certificate not renewed", reason });
      trouble = reason;
    }
  }

  let checking = Promise.resolve();
  const checks = setInterval(() => {
    checking = checking.then(check);
  }, config.checkEvery ?? 15_000);
  checks.unref();

  return {
    get shown() {
      return current;
    },
    get authority() {
      return current.authority;
    },
    state: () => ({
      ...(trouble === undefined ? {} : { trouble }),
      given: files !== undefined,
      certificate: {
        ...factsOf(current.named?.pair.cert ?? current.pair.cert),
        names: namesIn(current.named?.pair ?? current.pair),
      },
      ...(current.authority === undefined ? {} : { authority: factsOf(current.authority) }),
    }),
    onChange(told) {
      listeners.add(told);
    },
    close: () => clearInterval(checks),
  };
}

function factsOf(pem: string) {
  const { fingerprint256, validFrom, validTo } = new X509Certificate(pem);
  const [not_before, not_after] = [validFrom, validTo].map((date) => new Date(date).toISOString());
  return { fingerprint: fingerprint256, not_before: not_before ?? "", not_after: not_after ?? "" };
}

/** `DNS:localhost, IP Address:127.0.0.1` as a list of names and addresses. */
function namesIn({ cert }: Pair): string[] {
  const { subjectAltName = "" } = new X509Certificate(cert);
  const all = subjectAltName.split(", ").map((entry) => entry.replace(/^(DNS|IP Address):/, ""));
  return all.map((name) => (isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name));
}
