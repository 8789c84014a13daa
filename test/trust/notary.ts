import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printed, refusal } from "../clients/outcomes.ts";
import type { Berth } from "../harness.ts";
import { locate, run, type Outcome } from "../parts.ts";

/** The real `notary`, with a folder of its own for keys and what it has seen. */
export interface Notary {
  folder: string;
  /** Runs it and gives what it printed, of both streams. Throws when it fails. */
  does(...args: string[]): Promise<string>;
  /** Runs it where it must fail, and gives what it said. */
  fails(...args: string[]): Promise<string>;
  run(args: readonly string[], input?: string): Promise<Outcome>;
  /** Writes a file into the folder and gives its path. */
  file(name: string, text: string): Promise<string>;
  /** The same registry, seen for the first time: by the administrator, by somebody else, or by nobody. */
  fresh(as?: { name: string; password: string } | null): Promise<Notary>;
  close(): Promise<void>;
}

const passphrases = {
  NOTARY_ROOT_PASSPHRASE: "rootpass1234",
  NOTARY_TARGETS_PASSPHRASE: "targpass1234",
  NOTARY_SNAPSHOT_PASSPHRASE: "snappass1234",
  NOTARY_DELEGATION_PASSPHRASE: "delgpass1234",
};

interface Server {
  /** `https://localhost:port`. */
  url: string;
  /** What it trusts, PEM; empty for plain HTTP. */
  authority: string;
}

/** For a registry that answers over TLS. */
export async function openNotary(berth: Berth): Promise<Notary> {
  const server = { url: `https://${berth.tls.address}`, authority: await berth.tls.authority() };
  return openNotaryFor(server, berth.admin);
}

export async function openNotaryFor(
  server: Server,
  as: { name: string; password: string } | null,
): Promise<Notary> {
  const folder = await mkdtemp(join(tmpdir(), "berth-notary-"));
  const ca = join(folder, "ca.crt");
  if (server.authority !== "") await writeFile(ca, server.authority);
  await mkdir(join(folder, "home"));
  const opened: Notary[] = [];
  const env: NodeJS.ProcessEnv = { PATH: process.env["PATH"], HOME: join(folder, "home"), ...passphrases };
  if (as) env["NOTARY_AUTH"] = Buffer.from(`${as.name}:${as.password}`).toString("base64");

  const start: Notary["run"] = (args, input) =>
    run(
      locate("notary"),
      [
        "-s",
        server.url,
        ...(server.authority === "" ? [] : ["--tlscacert", ca]),
        "-d",
        join(folder, "trust"),
        ...args,
      ],
      // Without a terminal there is nobody to ask.
      input === undefined ? { env, cwd: folder } : { env, cwd: folder, input },
    );

  return {
    folder,
    run: start,
    async does(...args) {
      const outcome = await start(args);
      await printed(Promise.resolve(outcome));
      return `${outcome.stdout}${outcome.stderr}`;
    },
    async fails(...args) {
      const outcome = await start(args);
      await refusal(Promise.resolve(outcome));
      return `${outcome.stdout}${outcome.stderr}`;
    },
    async file(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    async fresh(who = as) {
      const made = await openNotaryFor(server, who);
      opened.push(made);
      return made;
    },
    async close() {
      for (const one of opened) await one.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A key and a certificate of it, as delegations are given. */
export async function certificate(
  notary: Notary,
  name: string,
  kind: "ec" | "p384" | "rsa" = "ec",
  subject = name,
): Promise<{ key: string; crt: string }> {
  const [key, crt] = [join(notary.folder, `${name}.key`), join(notary.folder, `${name}.crt`)];
  const kinds = {
    ec: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    p384: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
    rsa: ["-newkey", "rsa:2048"],
  };
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const args = ["req", "-x509", ...kinds[kind], "-nodes", "-keyout", key, "-out", crt];
  await printed(
    run(locate("openssl"), [
      ...args,
      "-subj",
      `/CN=${subject.replaceAll("/", "\\/")}`,
      "-days",
      "400",
      ...leaf,
    ]),
  );
  return { key, crt };
}

/** A root key as notary imports it: encrypted, with its role. */
export async function encryptedKey(notary: Notary, key: string): Promise<string> {
  const pass = `pass:${passphrases.NOTARY_ROOT_PASSPHRASE}`;
  const args = [
    "pkcs8",
    "-topk8",
    "-v2",
    "aes-256-cbc",
    "-v2prf",
    "hmacWithSHA1",
    "-in",
    key,
    "-passout",
    pass,
  ];
  const pem = await printed(run(locate("openssl"), args));
  return notary.file("encrypted.pem", `${pem.replace("\n", "\nrole: root\n\n")}\n`);
}
