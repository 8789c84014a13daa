import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { subtreesOf } from "../../registry/tls/constraints.ts";
import { issueAuthority, issueServer, makeKey } from "../../registry/tls/issue.ts";
import { locate, run } from "../parts.ts";

/** A certificate and its key, in files of a folder of their own. */
export interface PairFolder {
  folder: string;
  cert: string;
  key: string;
}

/** Makes a certificate with `openssl` that signs itself. */
export async function makePair(name: string, kind = "ec"): Promise<PairFolder> {
  const files = await place();
  const key = kind === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [kind];
  const made = await run(locate("openssl"), [
    ...["req", "-x509", "-newkey", ...key, "-nodes", "-subj", `/CN=${name}`, "-days", "30"],
    ...["-addext", `subjectAltName=DNS:${name},DNS:localhost`],
    ...["-keyout", files.key, "-out", files.cert],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  return files;
}

/** One that was made at another time: `openssl` makes none that has ended. */
export async function makePairAt(time: Date): Promise<PairFolder> {
  const files = await place();
  const key = await makeKey();
  const authority = { key, cert: await issueAuthority(key, subtreesOf([]), time) };
  const made = await issueServer(authority, ["localhost"], time);
  await Promise.all([writeFile(files.cert, made.cert), writeFile(files.key, made.key)]);
  return files;
}

async function place(): Promise<PairFolder> {
  const folder = await mkdtemp(join(tmpdir(), "berth-pair-"));
  return { folder, cert: join(folder, "server.crt"), key: join(folder, "server.key") };
}
