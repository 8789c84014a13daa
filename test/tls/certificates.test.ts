import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith, locate, run } from "../parts.ts";
import { ask, shownBy } from "./asking.ts";

const day = 86_400_000;

describeWith(["openssl", "electron"], "the certificates of Berth's own authority", () => {
  let berth: Berth;
  let ca: string;
  let file: string;

  beforeAll(async () => {
    berth = await startBerth({ tls: { listen: { host: "0.0.0.0", port: 0 } } });
    ca = await berth.tls.authority();
    file = join(berth.dataDir, "tls/ca.crt");
  });
  afterAll(() => berth?.close());

  const openssl = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run(locate("openssl"), args);
    return stdout + stderr;
  };
  const verifies = (...args: string[]): Promise<string> =>
    openssl("s_client", "-connect", berth.tls.address, "-CAfile", file, "-verify_return_error", ...args);

  test("are good for openssl by every name and address of this machine", async () => {
    const here = ["localhost", "host.docker.internal", hostname().toLowerCase()];
    for (const name of here) {
      const said = await verifies("-servername", name, "-verify_hostname", name);
      expect(said).toContain("Verify return code: 0 (ok)");
    }
    for (const address of ["127.0.0.1", "::1"]) {
      expect(await verifies("-noservername", "-verify_ip", address)).toContain("Verify return code: 0 (ok)");
    }
    expect(await verifies("-verify_hostname", "evil.example")).toContain("hostname mismatch");
  });

  test("are good for Node, and for nobody who was not given the authority", async () => {
    expect(await ask({ port: berth.tls.port, ca, path: "/api/v2.0/ping" })).toMatchObject({
      status: 200,
      body: "Pong",
      protocol: "TLSv1.3",
    });
    await expect(fetch(`https://${berth.tls.address}/`)).rejects.toThrow();
  });

  test("are good for a client that is made with Electron", async () => {
    const program = `require("https").get("https://${berth.tls.address}/api/v2.0/ping", { ca: require("fs").readFileSync(${JSON.stringify(file)}) }, (answer) => answer.pipe(process.stdout)).on("error", console.log)`;
    const env = { PATH: process.env["PATH"], ELECTRON_RUN_AS_NODE: "1" };
    expect((await run(locate("electron"), ["-e", program], { env })).stdout).toBe("Pong");
  });

  test("are of P-256 keys, live for 90 days, and their authority for ten years at most", async () => {
    const shown = await shownBy(berth.tls.port);
    expect(shown.asn1Curve).toBe("prime256v1");
    expect(Date.parse(shown.valid_to) - Date.parse(shown.valid_from)).toBe(90 * day);
    const { issuerCertificate: authority } = shown;
    expect(authority.asn1Curve).toBe("prime256v1");
    expect(Date.parse(authority.valid_to) - Date.parse(authority.valid_from)).toBeLessThanOrEqual(3650 * day);
  });

  test("come from an authority that may vouch for no name but this machine's", async () => {
    const text = await openssl("x509", "-in", file, "-noout", "-text");
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text).toMatch(/Name Constraints: critical\s+Permitted:\s+DNS:localhost/);
    expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\s/);
  });

  test("has the authority's certificate given by Harbor's path, as a file", async () => {
    const answer = await berth.fetch("/api/v2.0/systeminfo/getcert", { as: null });
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="ca.crt"');
    expect(answer.headers.get("content-type")).toBe("application/x-x509-ca-cert");
    expect(await answer.text()).toBe(await readFile(file, "utf8"));
    expect((await berth.client().system.info({})).has_ca_root).toBe(true);
  });

  test("are told to who is signed in, as they are to be compared", async () => {
    const said = await berth.client().system.tls({});
    const fingerprint = await openssl("x509", "-in", file, "-noout", "-fingerprint", "-sha256");
    expect(fingerprint).toContain(`Fingerprint=${said.authority?.fingerprint}`);
    expect(said).toMatchObject({ address: berth.tls.address, given: false });
    expect(said.addresses).toContain(`${hostname().toLowerCase()}:${berth.tls.port}`);
    expect(said.certificate?.names).toEqual(expect.arrayContaining(["localhost", "127.0.0.1", "::1"]));
    expect((await berth.fetch("/api/v2.0/systeminfo/tls", { as: null })).status).toBe(401);
  });

  test("outlive a restart: clients that were given the authority go on trusting", async () => {
    await berth.restart();
    expect((await ask({ port: berth.tls.port, ca })).status).toBe(404);
  });

  test("a lost authority's certificate is made again with the same key, and a stranger's is not given to anybody", async () => {
    const stranger = join(berth.dataDir, "stranger");
    const made = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      "/CN=X",
    ];
    await openssl("req", ...made, "-keyout", `${stranger}.key`, "-out", `${stranger}.crt`);
    await writeFile(file, await readFile(`${stranger}.crt`));
    await berth.restart();
    expect(await berth.tls.authority()).not.toBe(await readFile(`${stranger}.crt`, "utf8"));
    expect((await ask({ port: berth.tls.port, ca })).status).toBe(404);
  });
});
