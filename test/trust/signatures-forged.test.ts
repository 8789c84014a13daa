import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";
import { verifySignatures } from "../../registry/trust/signatures/verify.ts";
import type { Signature, Trusted } from "../../registry/trust/signatures/verdicts.ts";
import { asAuthority, asSigner, certified, forgeJws, type Made, shelfOf } from "./notation-forge.ts";
import { type Shelf, subject, then } from "./signed-examples.ts";

async function found(shelf: Shelf, trusted: Trusted[], now = then): Promise<Signature | undefined> {
  return (await verifySignatures(shelf, { subject, trusted, now })).signatures[0];
}

describe("notation signatures that somebody forged", () => {
  let root: Made;
  let leaf: Made;
  let trusted: Trusted[];
  const by = ({ pem }: Made): Trusted[] => [{ id: "1", name: "root", kind: "notation-certificate", pem }];
  const scheme = "io.cncf.notary.signingScheme";

  beforeAll(async () => {
    root = await certified({ name: "root", extensions: asAuthority() });
    leaf = await certified({ issuer: root });
    trusted = by(root);
  });

  test("the honest one is verified", async () => {
    const envelope = forgeJws({ chain: [leaf, root], guarded: { note: "not critical" } });
    expect(await found(shelfOf(envelope), trusted)).toMatchObject({
      verdict: "verified",
      signer: "CN=forger",
    });
  });

  test.each<[string, Omit<Parameters<typeof forgeJws>[0], "chain">]>([
    ["an unknown critical header", { guarded: { crit: [scheme, "b64"], b64: true } }],
    ["nothing marked as critical", { guarded: { crit: [] } }],
    ["an expiry that is not critical", { guarded: { "io.cncf.notary.expiry": "2026-12-01T00:00:00Z" } }],
    ["an unknown scheme", { guarded: { [scheme]: "notary.x509.other" } }],
    ["an algorithm that is not the key's", { alg: "ES384" }],
    ["no algorithm", { guarded: { alg: "none" } }],
    ["another payload type", { guarded: { cty: "application/json" } }],
    ["another image", { target: { digest: `sha256:${"0".repeat(64)}` } }],
    ["another size", { target: { size: 1 } }],
    ["another media type", { target: { mediaType: "application/json" } }],
    ["a payload changed afterwards", { after: { annotations: { stage: "release" } } }],
  ])("with %s is broken", async (_what, wish) => {
    const envelope = forgeJws({ chain: [leaf, root], ...wish });
    expect(await found(shelfOf(envelope), trusted)).toMatchObject({ verdict: "broken", claims: {} });
  });

  test("an authority that says the time is not trusted as a signer is", async () => {
    const time = "io.cncf.notary.authenticSigningTime";
    const guarded = {
      crit: [scheme, time],
      [scheme]: "notary.x509.signingAuthority",
      [time]: "2026-11-23T10:00:00Z",
    };
    const envelope = forgeJws({ chain: [leaf, root], guarded });
    expect(await found(shelfOf(envelope), trusted)).toMatchObject({ verdict: "untrusted" });
  });

  test("a chain that is none is broken", async () => {
    const other = await certified({ name: "root", extensions: asAuthority() });
    const chains = [[leaf], [leaf, other], [leaf, root, root], [root, leaf], [leaf, leaf, root]];
    for (const chain of chains)
      expect(await found(shelfOf(forgeJws({ chain })), trusted)).toMatchObject({ verdict: "broken" });
  });

  test("a certificate that may not do what it does is broken", async () => {
    const { digitalSignature, keyCertSign } = x509.KeyUsageFlags;
    const wrong = [
      [],
      [new x509.KeyUsagesExtension(digitalSignature, false)],
      [new x509.KeyUsagesExtension(digitalSignature | keyCertSign, true)],
      [
        new x509.KeyUsagesExtension(digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
      ],
      [...asSigner, new x509.Extension("1.2.3.4", true, Buffer.from([5, 0]))],
      [...asSigner, new x509.BasicConstraintsExtension(true, undefined, true)],
    ];
    for (const extensions of wrong) {
      const chain = [await certified({ issuer: root, extensions }), root];
      expect(await found(shelfOf(forgeJws({ chain })), trusted)).toMatchObject({ verdict: "broken" });
    }
    // A signer who was certified to sign code may not certify others.
    const below = await certified({ name: "below", issuer: leaf });
    expect(await found(shelfOf(forgeJws({ chain: [below, leaf, root] })), trusted)).toMatchObject({
      verdict: "broken",
    });
  });

  test("a chain through an authority between counts, unless the root allows none", async () => {
    for (const [length, verdict] of [
      [1, "verified"],
      [0, "broken"],
    ] as const) {
      const top = await certified({ name: "top", extensions: asAuthority(length) });
      const middle = await certified({ name: "middle", issuer: top, extensions: asAuthority() });
      const chain = [await certified({ issuer: middle }), middle, top];
      for (const one of [top, middle])
        expect(await found(shelfOf(forgeJws({ chain })), by(one))).toMatchObject({ verdict });
    }
  });
});
