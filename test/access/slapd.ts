import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locate, run } from "../parts.ts";
import { makeAuthority, type Authority } from "./authority.ts";
import {
  base,
  directory,
  encoded,
  groups,
  readerDn,
  readerPassword,
  rootDn,
  rootPassword,
} from "./entries.ts";

/** A real OpenLDAP server on loopback, in a folder of its own, with people in two trees, and groups. */
export interface Slapd {
  /** `ldap://127.0.0.1:port`, where StartTLS is offered. */
  url: string;
  /** `ldaps://localhost:port`. */
  secureUrl: string;
  port: number;
  authority: Authority;
  /** What a registry needs to be told to use it. */
  settings: typeof settings & { ldap_url: string };
  /** Binds and searches that the server was asked for since the last time. */
  asked(): Promise<string[]>;
  /** Changes the directory, by LDIF. */
  modify(ldif: string): Promise<void>;
  stop(): Promise<void>;
  /** Starts again on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const settings = {
  auth_mode: "ldap_auth",
  ldap_search_dn: readerDn,
  ldap_search_password: readerPassword,
  ldap_base_dn: base,
  ldap_filter: "(objectClass=inetOrgPerson)",
  ldap_uid: "uid",
  ldap_timeout: 5,
  ldap_group_base_dn: `ou=groups,${base}`,
  ldap_group_search_filter: "objectClass=groupOfNames",
} as const;

export async function startSlapd(): Promise<Slapd> {
  const folder = await mkdtemp(join(tmpdir(), "berth-slapd-"));
  const authority = await makeAuthority(folder);
  const [port, securePort] = [await freePort(), await freePort()];
  // Ubuntu confines the packaged program, by its path, to folders of the system.
  const program = join(folder, "slapd");
  await copyFile(locate("slapd"), program);
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "slapd.conf"), configuration(folder, authority));
  await writeFile(join(folder, "people.ldif"), directory);
  const conf = ["-f", join(folder, "slapd.conf")];
  const loaded = await run(program, ["-T", "add", "-q", ...conf, "-l", join(folder, "people.ldif")]);
  if (loaded.code !== 0) throw new Error(`slapd refuses the test's directory: ${loaded.stderr}`);

  let told = "";
  let server: ReturnType<typeof spawn> | undefined;

  async function start(): Promise<void> {
    const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${securePort}`;
    server = spawn(program, ["-d", "stats", "-h", urls, ...conf], { stdio: ["ignore", "ignore", "pipe"] });
    server.stderr?.setEncoding("utf8").on("data", (text: string) => (told += text));
    await answering(port);
    await answering(securePort);
  }

  async function stop(): Promise<void> {
    const stopping = server;
    server = undefined;
    if (!stopping || stopping.exitCode !== null) return;
    const gone = new Promise((resolve) => stopping.once("exit", resolve));
    stopping.kill("SIGTERM");
    await gone;
  }

  async function modify(ldif: string, ...options: string[]): Promise<void> {
    const args = ["-x", "-H", `ldap://127.0.0.1:${port}`, "-D", rootDn, "-w", rootPassword, ...options];
    const { code, stderr } = await run(locate("ldapmodify"), args, { input: encoded(ldif) });
    if (code !== 0) throw new Error(`ldapmodify failed: ${stderr}`);
  }

  await start();
  await modify(groups, "-a");
  return {
    url: `ldap://127.0.0.1:${port}`,
    secureUrl: `ldaps://localhost:${securePort}`,
    port,
    authority,
    settings: { ...settings, ldap_url: `ldap://127.0.0.1:${port}` },

    async asked() {
      // The server writes its log before it answers, but a pipe has its own time.
      await new Promise((resolve) => setTimeout(resolve, 30));
      const lines = told.split("\n").filter((line) => / (BIND|SRCH) (dn|base)=/.test(line));
      told = "";
      return lines.map((line) => line.replace(/^.*? (?=BIND|SRCH)/, ""));
    },

    modify: (ldif) => modify(ldif),
    start,
    stop,

    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, { authorityFile, certificateFile, keyFile }: Authority): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${join(folder, "pid")}
TLSCACertificateFile ${authorityFile}
TLSCertificateFile ${certificateFile}
TLSCertificateKeyFile ${keyFile}

database mdb
suffix "${base}"
rootdn "${rootDn}"
rootpw ${rootPassword}
directory ${join(folder, "data")}
maxsize 16777216
dbnosync
index uid,member eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${readerDn}" read by anonymous search by * none
overlay memberof
memberof-refint TRUE
`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("close", () => resolve(false)).unref();
      setTimeout(() => socket.destroy(), 500).unref();
      socket.once("connect", () => socket.end());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on port ${port}`);
}
