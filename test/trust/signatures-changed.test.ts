import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { verifySignatures } from "../../registry/trust/signatures/verify.ts";
import type { Signature, Trusted } from "../../registry/trust/signatures/verdicts.ts";
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

/** An example with its only layer's JSON changed, and everything around it made to fit again. */
function changed(example: string, change: (fields: Fields) => unknown): Shelf {
  const fields = JSON.parse(String(layersOf(example)[0])) as Fields;
  return shelfWith(example, [Buffer.from(JSON.stringify(change(fields) ?? fields))]);
}

describe("cosign signatures that somebody changed", () => {
  const keys = trusting("cosign-k1.pub", "cosign-k2.pub");

  test("a payload that names another image is broken", async () => {
    const shelf = changed("cs-app.2", (fields) => {
      (fields["critical"] as { image: Fields }).image["docker-manifest-digest"] = `sha256:${"0".repeat(64)}`;
    });
    expect(await found(shelf, keys)).toMatchObject({ verdict: "broken", reason: "it signs another image" });
  });

  test("a payload with another claim is by nobody", async () => {
    const shelf = changed("cs-app.2", (fields) => ({ ...fields, optional: { stage: "release" } }));
    expect(await found(shelf, keys)).toMatchObject({ verdict: "untrusted" });
  });

  test.each([
    [
      "another type",
      (text: string) => text.replace("cosign container image signature", "atomic container signature"),
    ],
    ["a key twice", (text: string) => text.replace('"optional":null', '"critical":{},"optional":null')],
    ["no JSON", () => "{"],
  ])("a payload with %s is broken", async (_what, change) => {
    const shelf = shelfWith("cs-app.2", [Buffer.from(change(String(layersOf("cs-app.2")[0])))]);
    expect(await found(shelf, keys)).toMatchObject({ verdict: "broken" });
  });

  test("an envelope whose statement was changed is broken: it names the key that did not make it", async () => {
    const shelf = changed("cs-app.1", (fields) => {
      const envelope = fields["dsseEnvelope"] as Fields;
      const statement = Buffer.from(String(envelope["payload"]), "base64").toString();
      const other = statement.replace('"annotations":{}', '"annotations":{"stage":"release"}');
      envelope["payload"] = Buffer.from(other).toString("base64");
    });
    expect(await found(shelf, keys)).toMatchObject({
      verdict: "broken",
      reason: expect.stringContaining("cosign-k1") as string,
    });
    expect(await found(shelf, trusting("cosign-k2.pub"))).toMatchObject({ verdict: "untrusted" });
  });

  test("an attestation that is passed off as a signature is broken, and without a word it is none", async () => {
    const attested = layersOf("cs-att.1");
    expect(await found(shelfWith("cs-app.1", attested), keys)).toMatchObject({ verdict: "broken" });
    const quiet = shelfWith("cs-att.1");
    const manifest = JSON.parse(String(manifestOf("cs-att.1"))) as Fields;
    quiet.refer({ ...manifest, annotations: {} });
    expect(await found(quiet, keys)).toBeUndefined();
  });

  test("a certificate beside a signature that it did not make is broken", async () => {
    const shelf = changed("cs-byo.1", (fields) => {
      const [own] = layersOf("cs-app.1").map((layer) => JSON.parse(String(layer)) as Fields);
      fields["dsseEnvelope"] = own?.["dsseEnvelope"];
    });
    expect(await found(shelf, keys)).toMatchObject({ verdict: "broken" });
  });

  test.each([
    ["prime256v1", "sha256"],
    ["secp384r1", "sha384"],
    ["secp384r1", "sha256"],
  ])("a bundle over the manifest itself, by %s with %s, is verified", async (namedCurve, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
    const manifest = Buffer.from('{"schemaVersion":2}');
    const about = { ...subject, digest: `sha256:${createHash("sha256").update(manifest).digest("hex")}` };
    const bundle = (message: Buffer): Buffer =>
      Buffer.from(
        JSON.stringify({
          mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
          verificationMaterial: { publicKey: { hint: "" } },
          messageSignature: {
            messageDigest: {
              algorithm: "SHA2_256",
              digest: createHash("sha256").update(message).digest("base64"),
            },
            signature: sign(hash, message, privateKey).toString("base64"),
          },
        }),
      );
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    const trusted: Trusted[] = [{ id: "1", name: "ci", kind: "cosign-key", pem }];
    const judged = async (message: Buffer): Promise<Signature | undefined> => {
      const shelf = shelfWith("cs-app.1", [bundle(message)]);
      const [first = ""] = await shelf.referrers("", 1);
      const text = String(await shelf.manifest(first, 0)).replace(subject.digest, about.digest);
      shelf.forget(first);
      shelf.refer(Buffer.from(text));
      shelf.keep(manifest);
      return (await verifySignatures(shelf, { subject: about, trusted, now: then })).signatures[0];
    };
    expect(await judged(manifest)).toMatchObject({ verdict: "verified", signer: "ci" });
    expect(await judged(Buffer.from("{}"))).toMatchObject({ verdict: "broken" });
  });
});
