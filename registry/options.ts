import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseHostPort } from "./addresses.ts";
import type { TlsConfig } from "./config.ts";
import { version } from "./version.ts";

const help = `Berth: a container registry. Runs without a window and serves its pages to browsers.

  npm run serve -- [options]

  --data-dir DIR          where everything is kept         (default ${join("~", ".berth")})
  --listen HOST:PORT      where to answer                  (default 127.0.0.1:5100)
  --tls-listen HOST:PORT  where to answer over TLS         (default 127.0.0.1:5143; off for nowhere)
  --tls-cert FILE         your own certificate for TLS, PEM, with those that vouch for it; without it Berth makes one
  --tls-key FILE          its key, PEM
  --host NAME             a further name of this machine that clients use; may be given again
  --setup-clients         makes docker, podman and containerd on this machine trust Berth's certificate, says what it wrote, and ends
  --undo-clients          takes that back and ends
  --set-admin-password    reads a new password for admin from the input, sets it and ends; the registry must be stopped
  --version               prints the version
  --help                  prints this

  BERTH_ADMIN_PASSWORD    the administrator's first password on an empty folder; without it one is made
  BERTH_PASSPHRASE        seals the secrets; without it their key lies beside them, readable by you alone
`;

export interface Options {
  dataDir: string;
  listen: { host: string; port: number };
  tls?: TlsConfig;
  hosts: string[];
  /** What to do instead of answering. */
  task?: "set-admin-password" | "setup-clients" | "undo-clients";
}

const tasks = ["set-admin-password", "setup-clients", "undo-clients"] as const;

/** Reads the command line; prints and ends for `--help` and `--version`. A wrong wish ends with 2 and a sentence. */
export function readOptions(args: string[]): Options {
  const values = parsed(args);
  if (values.help || values.version) {
    console.log(values.help ? help : version);
    process.exit(0);
  }
  const asked = tasks.filter((name) => values[name]);
  if (asked.length > 1) stop(`--${asked.join(" and --")} are done one after the other`);
  const tls = values["tls-listen"] === "off" ? undefined : tlsOf(values);
  return {
    dataDir: resolve(values["data-dir"]),
    listen: placeOf("--listen", values.listen),
    ...(tls === undefined ? {} : { tls }),
    hosts: values.host,
    ...(asked[0] === undefined ? {} : { task: asked[0] }),
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        "data-dir": { type: "string", default: join(homedir(), ".berth") },
        listen: { type: "string", default: "127.0.0.1:5100" },
        "tls-listen": { type: "string" },
        "tls-cert": { type: "string" },
        "tls-key": { type: "string" },
        host: { type: "string", multiple: true, default: [] },
        "setup-clients": { type: "boolean", default: false },
        "undo-clients": { type: "boolean", default: false },
        "set-admin-password": { type: "boolean", default: false },
        version: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return stop((error as Error).message);
  }
}

/** The usual port may be another Berth's: only one that was asked for must be had. */
function tlsOf(values: ReturnType<typeof parsed>): TlsConfig {
  const { "tls-listen": listen, "tls-cert": cert, "tls-key": key } = values;
  if ((cert === undefined) !== (key === undefined)) stop("--tls-cert and --tls-key are given together");
  return {
    listen: placeOf("--tls-listen", listen ?? "127.0.0.1:5143"),
    optional: listen === undefined,
    ...(cert === undefined || key === undefined ? {} : { pair: { cert: resolve(cert), key: resolve(key) } }),
  };
}

function placeOf(option: string, text: string): { host: string; port: number } {
  return parseHostPort(text) ?? stop(`${option} takes HOST:PORT, not ${text}`);
}

/** Says what is wrong with the wish and ends with 2. */
export function stop(reason: string): never {
  console.error(`berth: ${reason}`);
  process.exit(2);
}
