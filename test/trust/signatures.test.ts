import { describe, expect, test } from "vitest";
import { verifySignatures } from "../../registry/trust/signatures/verify.ts";
import type { Signature, Trusted } from "../../registry/trust/signatures/verdicts.ts";
import { type Shelf, shelfWith, subject, then, trusting } from "./signed-examples.ts";

async function verified(shelf: Shelf, trusted: Trusted[], now = then): Promise<Signature[]> {
  return (await verifySignatures(shelf, { subject, trusted, now })).signatures;
}

describe("what cosign and notation have signed", () => {
  const signed = [
    ["cs-app.1", "cosign-k1.pub", "cosign-bundle", "cosign-k1.pub"],
    ["cs-app.2", "cosign-k2.pub", "cosign-referrer", "cosign-k2.pub"],
    ["cs-leg.1", "cosign-k1.pub", "cosign-tag", "cosign-k1.pub"],
    [
      "no-app.1",
      "notation-rsa-selfsigned.crt",
      "notation-jws",
      "CN=wabbit-networks.io, O=Notary, L=Seattle, ST=WA, C=US",
    ],
    [
      "no-app.2",
      "notation-rsa-selfsigned.crt",
      "notation-cose",
      "CN=wabbit-networks.io, O=Notary, L=Seattle, ST=WA, C=US",
    ],
    ["no-ec.1", "notation-ec-root.crt", "notation-jws", "CN=acme signer, O=acme, ST=WA, C=US"],
    ["no-ec.2", "notation-ec-root.crt", "notation-cose", "CN=acme signer, O=acme, ST=WA, C=US"],
  ] as const;

  test.each(signed)("%s is verified by %s, as %s", async (example, key, format, signer) => {
    const found = await verified(shelfWith(example), trusting(key));
    expect(found).toHaveLength(1);
    const kind = format.split("-")[0];
    expect(found[0]).toMatchObject({ verdict: "verified", kind, format, signer, trusted_by: `id-${key}` });
  });

  test.each(signed)("%s is by nobody whom the project trusts without %s", async (example, key) => {
    const others = ["cosign-k1.pub", "cosign-k2.pub", "notation-rsa-selfsigned.crt", "notation-ec-root.crt"];
    for (const trusted of [trusting(...others.filter((name) => name !== key)), []]) {
      const [found] = await verified(shelfWith(example), trusted);
      expect(found).toMatchObject({ verdict: "untrusted" });
      expect(found?.trusted_by).toBeUndefined();
    }
  });

  test.each(signed)("%s is broken for another image", async (example, key) => {
    const other = { ...subject, digest: `sha256:${"0".repeat(64)}` };
    const shelf = shelfWith(example);
    const manifest = await shelf.referrers(subject.digest, 1);
    const source = { ...shelf, tagged: () => shelf.tagged(`${subject.digest.replace(":", "-")}.sig`) };
    const { signatures } = await verifySignatures(source, {
      subject: other,
      trusted: trusting(key),
      now: then,
    });
    // What names its subject is not asked about for another one; what a tag names says whose it is inside.
    if (manifest.length > 0) expect(signatures).toEqual([]);
    else expect(signatures).toMatchObject([{ verdict: "broken", reason: "it signs another image" }]);
  });

  test.each(signed)("%s is broken when its layer is not there, or is another", async (example, key) => {
    for (const change of ["forget", "spoil"] as const) {
      const shelf = shelfWith(example);
      const [whole] = await verified(shelf, trusting(key));
      if (change === "forget") shelf.forget(whole?.layer ?? "");
      else shelf.spoil(whole?.layer ?? "", Buffer.from("{}"));
      expect(await verified(shelf, trusting(key))).toMatchObject([{ verdict: "broken" }]);
    }
  });

  test("two keys that signed one tag are two signatures", async () => {
    const found = await verified(shelfWith("cs-leg.2"), trusting("cosign-k1.pub", "cosign-k2.pub"));
    expect(found.map(({ verdict, signer }) => [verdict, signer])).toEqual([
      ["verified", "cosign-k1.pub"],
      ["verified", "cosign-k2.pub"],
    ]);
    expect(found[0]?.claims).toEqual({ reference: "localhost:5056/cs/leg", owner: "me" });
    expect(found[0]?.digest).toBe(found[1]?.digest);
  });

  test("a signature made with a certificate names its subject, and is not trusted by a key", async () => {
    for (const example of ["cs-byo.1", "cs-byo.tag"]) {
      const found = await verified(shelfWith(example), trusting("cosign-k1.pub", "byoca.crt"));
      expect(found).toMatchObject([{ verdict: "untrusted", signer: "CN=signer, O=acme" }]);
    }
  });

  test.each(["cs-app.3", "cs-att.1"])("%s attests, and is no signature", async (example) => {
    expect(await verified(shelfWith(example), trusting("cosign-k1.pub"))).toEqual([]);
  });
});

describe("time", () => {
  const rsa = trusting("notation-rsa-selfsigned.crt");
  const ec = trusting("notation-ec-root.crt");

  test.each(["no-app.1", "no-app.2"])("%s expires with its certificate", async (example) => {
    expect(await verified(shelfWith(example), rsa, new Date("2026-11-24T08:48:22Z"))).toMatchObject([
      { verdict: "verified", expires: "2026-11-24T08:48:23.000Z" },
    ]);
    expect(await verified(shelfWith(example), rsa, new Date("2026-11-24T08:48:24Z"))).toMatchObject([
      { verdict: "expired", trusted_by: "id-notation-rsa-selfsigned.crt" },
    ]);
    expect(await verified(shelfWith(example), rsa, new Date("2026-11-23T08:48:22Z"))).toMatchObject([
      { verdict: "expired", reason: expect.stringContaining("not valid before") as string },
    ]);
  });

  test.each(["no-ec.1", "no-ec.2"])(
    "%s expires on the day that it says, before its certificate",
    async (name) => {
      const [found] = await verified(shelfWith(name), ec, new Date("2026-11-25T00:00:00Z"));
      expect(found).toMatchObject({
        verdict: "expired",
        time: expect.stringMatching(/^2026-11-23T08:50/) as string,
      });
      expect(found?.reason).toContain("the signature has expired on 2026-11-24");
      // Nobody whom the project trusts: that it is also late does not matter.
      expect(await verified(shelfWith(name), rsa, new Date("2026-11-25T00:00:00Z"))).toMatchObject([
        { verdict: "untrusted" },
      ]);
    },
  );
});
