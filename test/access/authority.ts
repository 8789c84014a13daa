import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { locate, run } from "../parts.ts";

/** An authority of the test's own, and a certificate for `localhost` that it signed. */
export interface Authority {
  /** PEM. */
  pem: string;
  authorityFile: string;
  certificateFile: string;
  keyFile: string;
}

const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export async function makeAuthority(folder: string): Promise<Authority> {
  const at = (name: string): string => join(folder, name);
  await writeFile(at("names"), "subjectAltName=DNS:localhost\n");
  const subject = (name: string): string[] => ["-subj", `/CN=${name}`];
  const steps = [
    [
      "req",
      "-x509",
      ...curve,
      ...subject("Test authority"),
      "-days",
      "2",
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.pem"),
    ],
    ["req", ...curve, ...subject("localhost"), "-keyout", at("server.key"), "-out", at("server.csr")],
    ["x509", "-req", "-in", at("server.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"],
  ];
  steps[2]?.push("-days", "2", "-extfile", at("names"), "-out", at("server.pem"));
  for (const args of steps) {
    const { code, stderr } = await run(locate("openssl"), args);
    if (code !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  }
  return {
    pem: await readFile(at("ca.pem"), "utf8"),
    authorityFile: at("ca.pem"),
    certificateFile: at("server.pem"),
    keyFile: at("server.key"),
  };
}
