import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "node:https";
import { afterEach, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { ask, shownBy } from "./asking.ts";

const day = 86_400_000;
const tls = { listen: { host: "127.0.0.1", port: 0 }, checkEvery: 20 };

describe("a certificate that is to be renewed", () => {
  let berth: Berth;
  afterEach(() => berth?.close());

  async function untilOther(than: string, name?: string): Promise<string> {
    for (let tries = 0; tries < 200; tries += 1) {
      const { fingerprint256 } = await shownBy(berth.tls.port, name);
      if (fingerprint256 !== than) return fingerprint256;
      await sleep(20);
    }
    throw new Error("it was not renewed");
  }

  test("is renewed 30 days before its end, without a restart and without losing a connection", async () => {
    let time = Date.now();
    berth = await startBerth({ tls, now: () => new Date(time) });
    const first = await shownBy(berth.tls.port);
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const held = () =>
      new Promise<string>((done, fail) => {
        request({ port: berth.tls.port, path: "/api/v2.0/ping", agent }, (answer) => {
          const { localPort } = answer.socket;
          answer.resume().on("end", () => done(`${answer.statusCode} ${localPort}`));
        })
          .on("error", fail)
          .end();
      });
    const before = await held();

    time += 58 * day;
    await sleep(100);
    expect((await shownBy(berth.tls.port)).fingerprint256).toBe(first.fingerprint256);
    time += 2 * day;
    await untilOther(first.fingerprint256);
    const next = await shownBy(berth.tls.port);
    expect(Date.parse(next.valid_to)).toBe(Math.floor((time - day) / 1000) * 1000 + 90 * day);
    expect(next.issuerCertificate.fingerprint256).toBe(first.issuerCertificate.fingerprint256);
    expect(await held()).toBe(before);
    agent.destroy();
  });

  test("is made anew when a clock that was wrong is put right", async () => {
    let time = Date.now() + 400 * day;
    berth = await startBerth({ tls, now: () => new Date(time) });
    const { fingerprint256 } = await shownBy(berth.tls.port);
    time = Date.now();
    await untilOther(fingerprint256);
    const ca = await berth.tls.authority();
    expect((await ask({ port: berth.tls.port, ca, path: "/api/v2.0/ping" })).status).toBe(200);
  });

  test("has an authority that is made anew a year before its end, and is known to those that have the old one", async () => {
    let time = Date.now();
    berth = await startBerth({ tls, now: () => new Date(time) });
    const [old, first] = [await berth.tls.authority(), await shownBy(berth.tls.port)];
    time += 3300 * day;
    await untilOther(first.fingerprint256);
    expect(await berth.tls.authority()).not.toBe(old);
    time = Date.now();
    await berth.restart();
    expect((await ask({ port: berth.tls.port, ca: old, path: "/api/v2.0/ping" })).status).toBe(200);
  });

  test("gets the name that people reach this registry by when that is set, and clients set up before go on", async () => {
    berth = await startBerth({ tls });
    const old = await berth.tls.authority();
    const host = `registry.acme.test:${berth.tls.port}`;
    await berth.client().configurations.update({ ext_endpoint: `https://${host}` });
    const { fingerprint256 } = await shownBy(berth.tls.port, "localhost");
    await untilOther(fingerprint256, "registry.acme.test");

    const asked = { port: berth.tls.port, host: "127.0.0.1", path: "/v2/" };
    const named = { ...asked, servername: "registry.acme.test", headers: { host } };
    const answer = await ask({ ...named, ca: await berth.tls.authority() });
    expect(answer.headers["www-authenticate"]).toContain(`realm="https://${host}/service/token"`);
    await expect(ask({ ...named, ca: old })).rejects.toThrow("permitted subtree violation");
    expect((await ask({ port: berth.tls.port, ca: old, path: "/api/v2.0/ping" })).status).toBe(200);
  });
});
