import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifySignatures } from "../../registry/trust/signatures/verify.ts";
import type { Signature, Subject, Trusted } from "../../registry/trust/signatures/verdicts.ts";
import { openHome, type Home } from "../clients/home.ts";
import { writeLayout } from "../clients/layout.ts";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { manifests, openSource } from "./signature-source.ts";

describeWith(["cosign", "notation", "crane"], "signatures by the real clients", () => {
  let berth: Berth;
  let home: Home;
  const at = (name: string): string => join(home.folder, name);

  beforeAll(async () => {
    home = await openHome();
    berth = await startBerth();
    await home.signIn(berth.address, berth.admin);
    await home.does("cosign", "generate-key-pair");
  });

  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  async function pushed(repository: string): Promise<Subject> {
    const { folder, digest } = await writeLayout(at(`layout-${repository}`), "1");
    await home.does("crane", "push", folder, `${berth.address}/library/${repository}:1`);
    const answer = await berth.fetch(`/v2/library/${repository}/manifests/${digest}`, {
      headers: { accept: manifests.join(", ") },
    });
    const size = (await answer.arrayBuffer()).byteLength;
    return { digest, media_type: answer.headers.get("content-type") ?? "", size };
  }

  /** Signs as one does without the internet; `key` is a file's name. */
  const sign = (
    key: string,
    repository: string,
    { digest }: Subject,
    ...options: string[]
  ): Promise<string> => {
    const offline = ["--tlog-upload=false", "--use-signing-config=false", "-y", "--allow-http-registry"];
    const image = `${berth.address}/library/${repository}@${digest}`;
    return home.does("cosign", "sign", "--key", at(key), ...offline, ...options, image);
  };

  const found = async (repository: string, subject: Subject, trusted: Trusted[]): Promise<Signature[]> => {
    const question = { subject, trusted, now: new Date() };
    return (await verifySignatures(openSource(berth, `library/${repository}`), question)).signatures;
  };

  async function cosignKey(name: string): Promise<Trusted> {
    return { id: name, name, kind: "cosign-key", pem: await readFile(at(`${name}.pub`), "utf8") };
  }

  test("cosign's bundles and tags are verified, with what was said at signing, and attestations left out", async () => {
    const subject = await pushed("app");
    await sign("cosign.key", "app", subject, "-a", "stage=release");
    await sign("cosign.key", "app", subject, "-a", "owner=me", "--new-bundle-format=false");
    await writeFile(at("predicate.json"), '{"a":1}');
    const image = `${berth.address}/library/app@${subject.digest}`;
    const attest = [
      "attest",
      "--predicate",
      at("predicate.json"),
      "--type",
      "custom",
      "--key",
      at("cosign.key"),
    ];
    const offline = ["--tlog-upload=false", "--use-signing-config=false", "-y", "--allow-http-registry"];
    await home.does("cosign", ...attest, ...offline, image);

    const signatures = await found("app", subject, [await cosignKey("cosign")]);
    expect(signatures.map(({ format, verdict }) => [format, verdict]).sort()).toEqual([
      ["cosign-bundle", "verified"],
      ["cosign-tag", "verified"],
    ]);
    const claims = Object.fromEntries(signatures.map((one) => [one.format, one.claims]));
    expect(claims["cosign-bundle"]).toMatchObject({ stage: "release" });
    expect(claims["cosign-tag"]).toMatchObject({ owner: "me" });
    // cosign itself agrees.
    const checked = ["--key", at("cosign.pub"), "--insecure-ignore-tlog", "--allow-http-registry", image];
    expect(await home.does("cosign", "verify", ...checked)).toContain(subject.digest);
  });

  const kinds = [
    ["P-384", generateKeyPairSync("ec", { namedCurve: "P-384" }), "verified"],
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 3072 }), "verified"],
    // cosign 3 signs with the prehashed variant, and does not verify it either.
    ["Ed25519", generateKeyPairSync("ed25519"), "untrusted"],
  ] as const;

  test.each(kinds)(
    "a key of the kind %s, in both of cosign's formats",
    async (kind, { privateKey }, verdict) => {
      const name = kind.toLowerCase();
      await writeFile(at(`${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }));
      await home.does("cosign", "import-key-pair", "--key", at(`${name}.pem`), "--output-key-prefix", name);
      const subject = await pushed(name);
      await sign(`${name}.key`, name, subject);
      await sign(`${name}.key`, name, subject, "--new-bundle-format=false");
      const signatures = await found(name, subject, [await cosignKey(name)]);
      expect(signatures.map((one) => one.verdict)).toEqual([verdict, verdict]);
      for (const { verdict: other } of await found(name, subject, [await cosignKey("cosign")]))
        expect(other).toBe("untrusted");
    },
  );

  test("notation's signatures in both forms are verified until they expire", async () => {
    await mkdir(at("config"), { recursive: true });
    await home.does("notation", "cert", "generate-test", "--default", "berth.example");
    const pem = await readFile(at("config/notation/localkeys/berth.example.crt"), "utf8");
    const trusted: Trusted[] = [{ id: "1", name: "release", kind: "notation-certificate", pem }];
    const subject = await pushed("noted");
    const image = `${berth.address}/library/noted@${subject.digest}`;
    await home.does("notation", "sign", "--insecure-registry", "-m", "build=7", image);
    const cose = ["--signature-format", "cose", "--force-referrers-tag=false", "--expiry", "1h"];
    await home.does("notation", "sign", "--insecure-registry", ...cose, image);

    const signatures = await found("noted", subject, trusted);
    const seen = signatures.map(({ format, verdict, signer }) => [format, verdict, signer.split(",")[0]]);
    expect(seen.sort()).toEqual([
      ["notation-cose", "verified", "CN=berth.example"],
      ["notation-jws", "verified", "CN=berth.example"],
    ]);
    expect(signatures.find(({ format }) => format === "notation-jws")?.claims).toMatchObject({ build: "7" });
    const source = openSource(berth, "library/noted");
    const now = new Date(Date.now() + 2 * 3_600_000);
    const later = (await verifySignatures(source, { subject, trusted, now })).signatures;
    expect(later.map(({ format, verdict }) => [format, verdict]).sort()).toEqual([
      ["notation-cose", "expired"],
      ["notation-jws", "verified"],
    ]);
    expect((await found("noted", subject, [])).map(({ verdict }) => verdict)).toEqual([
      "untrusted",
      "untrusted",
    ]);
  });
});
