import { chmod, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith, locate, run } from "../parts.ts";
import { ask } from "./asking.ts";
import { makePair, makePairAt, type PairFolder } from "./pairs.ts";

const serve = fileURLToPath(new URL("../../out/main/serve.cjs", import.meta.url));

describeWith(["openssl"], "the person's own certificate", () => {
  let pair: PairFolder;
  let other: PairFolder;
  const made: PairFolder[] = [];
  beforeAll(async () => {
    [pair, other] = [await makePair("first.test"), await makePair("second.test", "rsa:2048")];
    made.push(pair, other);
  });
  afterAll(() => Promise.all(made.map(({ folder }) => rm(folder, { recursive: true }))));

  async function open(): Promise<Berth> {
    const { cert, key } = pair;
    return startBerth({
      tls: { listen: { host: "127.0.0.1", port: 0 }, pair: { cert, key }, checkEvery: 20 },
    });
  }

  async function until(berth: Berth, isSo: (state: ReturnType<Berth["registry"]["tls"]>) => boolean) {
    for (let tries = 0; tries < 200; tries += 1) {
      if (isSo(berth.registry.tls())) return;
      await sleep(20);
    }
    throw new Error(`it stays ${JSON.stringify(berth.registry.tls())}`);
  }

  test("is shown instead of Berth's, whose authority is not made nor given then", async () => {
    const berth = await open();
    const asked = { port: berth.tls.port, path: "/api/v2.0/systeminfo/getcert" };
    expect((await ask({ ...asked, ca: await readFile(pair.cert, "utf8") })).status).toBe(404);
    expect(await berth.client().system.info({})).toMatchObject({ has_ca_root: false });
    expect(berth.registry.tls()).toMatchObject({
      given: true,
      certificate: { names: ["first.test", "localhost"] },
    });
    await expect(readFile(join(berth.dataDir, "tls/ca.crt"))).rejects.toThrow("ENOENT");
    await berth.close();
  });

  test("is read again when its files change, and kept when the new ones are no good", async () => {
    const { folder } = pair;
    const kept = { cert: join(folder, "kept.crt"), key: join(folder, "kept.key") };
    await Promise.all([copyFile(pair.cert, kept.cert), copyFile(pair.key, kept.key)]);
    const berth = await open();

    await copyFile(other.cert, pair.cert);
    await until(berth, ({ trouble }) => trouble !== undefined);
    expect(berth.registry.tls().trouble).toContain("is not the one of the certificate");
    const ping = { port: berth.tls.port, path: "/api/v2.0/ping" };
    expect((await ask({ ...ping, ca: await readFile(kept.cert, "utf8") })).status).toBe(200);

    await copyFile(other.key, pair.key);
    await until(berth, ({ trouble }) => trouble === undefined);
    expect(berth.registry.tls().certificate?.names).toContain("second.test");
    expect((await ask({ ...ping, ca: await readFile(other.cert, "utf8") })).status).toBe(200);
    await Promise.all([copyFile(kept.cert, pair.cert), copyFile(kept.key, pair.key)]);
    await berth.close();
  });

  /** Starts Berth as a person does. Every one of these ends before it would listen. */
  async function refused(...options: string[]): Promise<string> {
    const listen = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];
    const data = join(pair.folder, "data");
    const { code, stderr } = await run(process.execPath, [serve, "--data-dir", data, ...listen, ...options]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^berth: [^\n]+\n$/);
    return stderr;
  }

  test("is refused with a sentence and exit status 2 when it is no good", async () => {
    const [cert, key] = [
      ["--tls-cert", pair.cert],
      ["--tls-key", pair.key],
    ] as const;
    expect(await refused(...cert)).toContain("--tls-cert and --tls-key are given together");
    expect(await refused(...cert, "--tls-key", other.key)).toContain("is not the one of the certificate in");
    expect(await refused(...cert, "--tls-key", "/nowhere/key")).toContain(
      "/nowhere/key cannot be read: it is not there",
    );
    expect(await refused("--tls-cert", pair.key, ...key)).toContain("there is no certificate in");
    expect(await refused(...cert, "--tls-key", pair.cert)).toContain("there is no private key in");
    expect(await refused(...cert, "--tls-key", pair.folder)).toContain("it is a folder");

    const locked = join(pair.folder, "locked.key");
    const sealing = ["pkcs8", "-topk8", "-in", pair.key, "-out", locked, "-passout", "pass:secret-words"];
    expect((await run(locate("openssl"), sealing)).code).toBe(0);
    expect(await refused(...cert, "--tls-key", locked)).toContain("asks for a passphrase");

    const day = 86_400_000;
    for (const [days, said] of [
      [-100, "ended on"],
      [100, "begins on"],
    ] as const) {
      const late = await makePairAt(new Date(Date.now() + days * day));
      made.push(late);
      expect(await refused("--tls-cert", late.cert, "--tls-key", late.key)).toContain(said);
    }

    const weak = await makePair("weak.test", "rsa:1024");
    made.push(weak);
    expect(await refused("--tls-cert", weak.cert, "--tls-key", weak.key)).toContain("is too short");
  });

  test("a port that was asked for and is taken ends the start; the usual one does not", async () => {
    const berth = await open();
    const taken = `127.0.0.1:${berth.tls.port}`;
    expect(await refused("--tls-listen", taken)).toContain(
      `port ${berth.tls.port} is taken by another program`,
    );
    const listen = { host: "127.0.0.1", port: berth.tls.port };
    const second = await startBerth({ tls: { listen, optional: true } });
    expect(second.registry.tls()).toMatchObject({
      addresses: [],
      trouble: `port ${berth.tls.port} is taken by another program`,
    });
    expect((await second.fetch("/api/v2.0/ping")).status).toBe(200);
    await Promise.all([second.close(), berth.close()]);
  });

  test("a wrong address or a wrong word is refused with exit status 2", async () => {
    expect(await refused("--tls-listen", "5143")).toContain("--tls-listen takes HOST:PORT, not 5143");
    expect(await refused("--tls-listen", "127.0.0.1:99999")).toContain("--tls-listen takes HOST:PORT");
    await writeFile(join(pair.folder, "key.txt"), "words");
    await chmod(join(pair.folder, "key.txt"), 0o600);
    expect(await refused("--tls-cert", pair.cert, "--tls-key", join(pair.folder, "key.txt"))).toContain(
      "there is no private key in",
    );
  });
});
