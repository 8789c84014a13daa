import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseCbor } from "../../registry/trust/signatures/cbor.ts";
import { assertTrustable } from "../../registry/trust/signatures/trusted.ts";
import { verifySignatures } from "../../registry/trust/signatures/verify.ts";
import type { Signature, Trusted } from "../../registry/trust/signatures/verdicts.ts";
import { shelfOf } from "./notation-forge.ts";
import {
  type Fields,
  layersOf,
  manifestOf,
  type Shelf,
  shelfWith,
  subject,
  then,
  trusting,
} from "./signed-examples.ts";

async function found(shelf: Shelf, trusted: Trusted[], now = then): Promise<Signature | undefined> {
  return (await verifySignatures(shelf, { subject, trusted, now })).signatures[0];
}

describe("notation's COSE that somebody changed", () => {
  test("COSE with a byte changed anywhere is never verified", async () => {
    const [envelope = Buffer.alloc(0)] = layersOf("no-ec.2");
    const key = trusting("notation-ec-root.crt");
    for (let at = 0; at < envelope.length; at += 1) {
      const bytes = Buffer.from(envelope);
      bytes[at] = (bytes[at] ?? 0) ^ 0x01;
      const verdict = (await found(shelfOf(bytes, "application/cose"), key))?.verdict;
      // The program's name is the only thing in it that nobody signed.
      const agent = envelope.indexOf("notation-go/");
      const unsigned =
        at >= envelope.indexOf("io.cncf.notary.signingAgent") && at < agent + "notation-go/1.3.2".length;
      if (!unsigned) expect([at, verdict]).not.toEqual([at, "verified"]);
    }
  });

  test("COSE with an unknown critical header, or a header twice, is broken", async () => {
    const [envelope = Buffer.alloc(0)] = layersOf("no-ec.2");
    const odd = Buffer.from(
      envelope.toString("latin1").replace("io.cncf.notary.expiry", "io.cncf.notary.expirx"),
      "latin1",
    );
    const judged = await found(shelfOf(odd, "application/cose"), trusting("notation-ec-root.crt"));
    expect(judged).toMatchObject({ verdict: "broken", reason: expect.stringContaining("expir") as string });
    for (const hex of [
      "a201010102",
      "a2",
      "5f4100ff",
      "1801",
      "fb0000000000000000",
      "1bffffffffffffffff",
      "0000",
      "81".repeat(20),
    ])
      expect(() => parseCbor(Buffer.from(hex, "hex"))).toThrow("the CBOR");
  });
});

describe("limits", () => {
  test("looks at fifty signatures, and says that there were more", async () => {
    const shelf = shelfWith("cs-app.1");
    const manifest = JSON.parse(String(manifestOf("cs-app.1"))) as Fields;
    for (let count = 0; count < 60; count += 1) shelf.refer({ ...manifest, count });
    const question = { subject, trusted: trusting("cosign-k1.pub"), now: then };
    const { signatures, complete } = await verifySignatures(shelf, question);
    expect([signatures.length, complete]).toEqual([50, false]);
    expect(signatures.every(({ verdict }) => verdict === "verified")).toBe(true);
  });

  test("does not read a signature of more than a mebibyte", async () => {
    const shelf = shelfWith("cs-app.1", [Buffer.alloc(2 ** 20 + 1, 32)]);
    const judged = await found(
      { ...shelf, blob: () => Promise.reject(new Error("read")) },
      trusting("cosign-k1.pub"),
    );
    expect(judged).toMatchObject({
      verdict: "broken",
      reason: expect.stringContaining("larger than") as string,
    });
  });

  test("takes nothing as trusted that cannot vouch", () => {
    const [key, root, own, leaf] = trusting(
      "cosign-k1.pub",
      "notation-ec-root.crt",
      "notation-rsa-selfsigned.crt",
      "notation-ec-leaf.crt",
    );
    for (const good of [key, root, own]) expect(() => good && assertTrustable(good)).not.toThrow();
    expect(() => leaf && assertTrustable(leaf)).toThrow(
      "neither an authority's certificate nor a self-signed one",
    );
    expect(() => root && assertTrustable({ ...root, kind: "cosign-key" })).toThrow("is not a public key");
    expect(() => key && assertTrustable({ ...key, kind: "notation-certificate" })).toThrow(
      "is not a certificate",
    );
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const weak = publicKey.export({ type: "spki", format: "pem" }).toString();
    for (const pem of [secret, weak, "", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
      expect(() => assertTrustable({ id: "1", name: "ci", kind: "cosign-key", pem })).toThrow("ci is not");
  });
});
